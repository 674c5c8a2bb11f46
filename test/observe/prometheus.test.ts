import { expect, test } from 'vitest'
import { Counter, Histogram } from '../../src/base/metrics.ts'
import { exposition } from '../../src/observe/prometheus.ts'

test('each family has its help, its type and its series with the common labels', () => {
  const counter = new Counter()
  counter.add(3)
  const page = exposition(
    [
      {
        type: 'counter',
        name: 'a_total',
        help: 'All of a.',
        samples: [{ labels: { kind: 'x' }, value: counter }],
      },
      { type: 'gauge', name: 'b', help: 'Now.', samples: [{ value: 1.5 }] },
    ],
    { group: 'g' },
  )
  expect(page).toBe(
    [
      '# HELP a_total All of a.',
      '# TYPE a_total counter',
      'a_total{group="g",kind="x"} 3',
      '# HELP b Now.',
      '# TYPE b gauge',
      'b{group="g"} 1.5',
      '',
    ].join('\n'),
  )
})

test('a histogram has cumulative buckets, a sum and a count', () => {
  const histogram = new Histogram([1, 10])
  for (const value of [0.5, 3, 4, 100]) histogram.observe(value)
  const page = exposition([{ type: 'histogram', name: 'h', help: 'H.', samples: [{ value: histogram }] }], {})
  expect(page.split('\n').slice(2, -1)).toEqual([
    'h_bucket{le="1"} 1',
    'h_bucket{le="10"} 3',
    'h_bucket{le="+Inf"} 4',
    'h_sum 107.5',
    'h_count 4',
  ])
})

test('label values and help texts cannot break out of their line', () => {
  const page = exposition(
    [{ type: 'gauge', name: 'g', help: 'a\nb\\', samples: [{ labels: { l: 'x"y\\z\n' }, value: 1 }] }],
    {},
  )
  expect(page).toBe('# HELP g a\\nb\\\\\n# TYPE g gauge\ng{l="x\\"y\\\\z\\n"} 1\n')
})
