/** What a configuration file may hold, and what it is told when it is wrong. */
import { describe, expect, test } from 'vitest'
import {
  brokerConfigText,
  loadBrokerConfig,
  namesrvConfigText,
  parseBrokerConfig,
  parseNamesrvConfig,
} from '../../src/cli/config-file.ts'
import { BrokerError } from '../../src/base/errors.ts'

const GOOD = `
id: 2
data: data/2
members:
  - { id: 1, client: 10.0.0.1:8081, peer: 10.0.0.1:40911 }
  - { id: 2, client: 10.0.0.2:8081, peer: 10.0.0.2:40911 }
  - { id: 3, client: 10.0.0.3:8081, peer: 10.0.0.3:40911 }
`

function faultsOf(text: string): string {
  try {
    parseBrokerConfig(text, '/etc/n2.yaml')
    return 'no fault'
  } catch (error) {
    if (error instanceof BrokerError && error.code === 'CONFIG_INVALID') return error.message
    throw error
  }
}

describe('a correct file', () => {
  test('needs an id, a data folder and the members; all else has a default', () => {
    expect(parseBrokerConfig(GOOD, '/etc/n2.yaml')).toMatchObject({
      cluster: 'default',
      group: 'broker-0',
      dataFolder: '/etc/data/2',
      listen: { client: '10.0.0.2:8081', peer: '10.0.0.2:40911' },
      nameServers: [],
      bootstrap: undefined,
      topics: { autoCreate: false },
      groups: { autoCreate: true },
      messages: { delayMsMax: 86_400_000 },
      retention: { hours: 72, bytes: undefined },
      raft: { tickMs: 25, heartbeatTicks: 3, electionTicksMin: 18, electionTicksMax: 36, priorities: {} },
      logLevel: 'info',
    })
  })

  test('its effective form is read again as the same', () => {
    const config = parseBrokerConfig(
      `${GOOD}bootstrap: c1\nraft: { tickMs: 50, priorities: { 2: 7 } }\nretention: { bytes: 300000000 }\n`,
      '/etc/n2.yaml',
    )
    expect(parseBrokerConfig(brokerConfigText(config), '/elsewhere/n2.yaml')).toEqual(config)
  })

  test("may use RocketMQ's names for what is always so, and is told why when it asks for less", () => {
    const text = `${GOOD}flushDiskType: SYNC_FLUSH\nbrokerRole: SYNC_MASTER\n`
    expect(parseBrokerConfig(text, '/etc/n2.yaml')).toEqual(parseBrokerConfig(GOOD, '/etc/n2.yaml'))
    for (const less of ['flushDiskType: ASYNC_FLUSH', 'brokerRole: ASYNC_MASTER', 'brokerRole: SLAVE']) {
      expect(faultsOf(`${GOOD}${less}\n`)).toContain('there is no faster mode')
    }
  })

  test('a name server needs nothing', () => {
    const config = parseNamesrvConfig('', '/etc/namesrv.yaml')
    expect(config.listen).toBe('127.0.0.1:9876')
    expect(parseNamesrvConfig(namesrvConfigText(config), '/x.yaml')).toEqual(config)
  })
})

describe('each fault names the key, what is there and what was expected', () => {
  const line = (fault: string): string => `/etc/n2.yaml: ${fault}`
  test.each([
    [
      'a missing id',
      GOOD.replace('id: 2\n', ''),
      'key "id" is missing, expected a whole number from 1 to 65535',
    ],
    [
      'an id as text',
      GOOD.replace('id: 2\n', 'id: two\n'),
      'key "id" is "two", expected a whole number from 1 to 65535',
    ],
    [
      'an id of nobody',
      GOOD.replace('id: 2\n', 'id: 9\n'),
      'key "id" is 9, expected one of the ids under members (1, 2, 3)',
    ],
    [
      'no data',
      GOOD.replace('data: data/2', ''),
      'key "data" is missing, expected the path of a file or folder',
    ],
    [
      'no members',
      'id: 1\ndata: d\nmembers: []',
      'key "members" is [], expected at least one member with id, client and peer',
    ],
    [
      'a bad address',
      GOOD.replace('10.0.0.3:8081', '10.0.0.3'),
      'key "members[2].client" is "10.0.0.3", expected an address as host:port',
    ],
    [
      'an address twice',
      GOOD.replace('10.0.0.3:8081', '10.0.0.1:8081'),
      'key "members[2].client" is "10.0.0.1:8081", expected an address that stands nowhere else',
    ],
    [
      'an id twice',
      GOOD.replace('id: 3', 'id: 1'),
      'key "members[2].id" is 1, expected an id that no other member has',
    ],
    ['a mistyped key', `${GOOD}grup: a\n`, 'key "grup" is unknown, did you mean "group"?'],
    [
      'a mistyped inner key',
      `${GOOD}raft: { tickMilis: 5 }\n`,
      'key "raft.tickMilis" is unknown, did you mean "raft.tickMs"?',
    ],
    [
      'an unknown key',
      `${GOOD}tls: { cert: a, key: b, zzzzzz: 1 }\n`,
      'key "tls.zzzzzz" is unknown, known here: cert, key',
    ],
    [
      'a wish below nothing',
      `${GOOD}raft: { priorities: { 1: -1 } }\n`,
      'key "raft.priorities.1" is -1, expected a whole number from 0 to 1000',
    ],
    [
      'a tick of nothing',
      `${GOOD}raft: { tickMs: 0 }\n`,
      'key "raft.tickMs" is 0, expected a whole number from 5 to 10000',
    ],
    [
      'election times upside down',
      `${GOOD}raft: { electionTicksMax: 9 }\n`,
      'key "raft.electionTicksMax" is 9, expected more than raft.electionTicksMin',
    ],
    [
      'text for a section',
      `${GOOD}topics: yes please\n`,
      'key "topics" is "yes please", expected the keys autoCreate',
    ],
    [
      'text for a flag',
      `${GOOD}topics: { autoCreate: sometimes }\n`,
      'key "topics.autoCreate" is "sometimes", expected true or false',
    ],
    [
      'a list',
      '- 1\n',
      'the file is [1], expected the keys cluster, group, id, members, listen, data, nameServers, bootstrap, join, tls, flushDiskType, brokerRole, topics, groups, messages, log, retention, transactions, raft, logLevel, logFile',
    ],
  ])('%s', (_, text, fault) => {
    expect(faultsOf(text)).toBe(line(fault))
  })

  test('all faults are told at once, one a line', () => {
    expect(faultsOf('id: x\ndata: 1\n').split('\n')).toHaveLength(3)
  })

  test('text that is not YAML is told with its place', () => {
    expect(faultsOf('id: [1')).toMatch(/n2\.yaml is not YAML: .*line 1/)
  })

  test('a file that is not there is told', () => {
    expect(() => loadBrokerConfig('/nowhere/n2.yaml')).toThrow(
      /configuration \/nowhere\/n2\.yaml cannot be read/,
    )
  })
})
