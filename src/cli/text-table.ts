/** Tables without lines, for terminals and for `grep`. Columns that do not fit are left out, never wrapped. */
import Table from 'cli-table3'

/** One column: its head, the cells of all rows, and how dear it is when room is short (1 goes first). */
export interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row) => string
  readonly worth: number
  readonly right?: boolean
}

/** What stands in a row instead of cells, from the column `from` on. */
export interface RowNote {
  readonly from: number
  readonly text: string
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

/** The table as lines without trailing spaces. `width` is the room of the terminal, `undefined` any. */
export function tableText<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width?: number,
  noteOf: (row: Row) => RowNote | undefined = () => undefined,
): string {
  const shown = fitting(columns, rows, width)
  const table = new Table({
    head: shown.map((column) => column.head),
    chars: NO_LINES,
    style: { compact: true, head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: shown.map((column) => (column.right === true ? 'right' : 'left')),
  })
  for (const row of rows) {
    const note = noteOf(row)
    const cells = shown.map((column) => column.cell(row))
    table.push(note === undefined ? cells : cells.slice(0, note.from))
  }
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
  return lines.map((line, at) => withNote(line, rows[at - 1], noteOf)).join('\n')
}

function withNote<Row>(
  line: string,
  row: Row | undefined,
  noteOf: (row: Row) => RowNote | undefined,
): string {
  const note = row === undefined ? undefined : noteOf(row)
  return note === undefined ? line : `${line}  ${note.text}`
}

/** Leaves out the least worthy columns until the rest fits. */
function fitting<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width?: number,
): readonly Column<Row>[] {
  const room = width ?? Number.POSITIVE_INFINITY
  let shown = columns
  while (shown.length > 1 && widthOf(shown, rows) > room) {
    const least = Math.min(...shown.map((column) => column.worth))
    shown = shown.filter((column) => column.worth !== least)
  }
  return shown
}

function widthOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): number {
  const widths = columns.map((column) =>
    Math.max(column.head.length, ...rows.map((row) => column.cell(row).length)),
  )
  return widths.reduce((sum, one) => sum + one, 2 * (columns.length - 1))
}
