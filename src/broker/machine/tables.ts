/** All rows of the machine have keys with `MACHINE_ROWS_START <= key < MACHINE_ROWS_END`. */
export const MACHINE_ROWS_START = Uint8Array.of(0x6d)
/** The first key after the machine's rows. */
export const MACHINE_ROWS_END = Uint8Array.of(0x6e)
