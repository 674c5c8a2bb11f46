/**
 * What a codec takes: a message of which everything may be left out. Decoded messages are complete, written
 * ones need not be.
 */

/** A message to be encoded: absent and `null` fields are not written. */
export type Draft<T> = T extends Uint8Array
  ? Uint8Array
  : T extends readonly (infer Item)[]
    ? readonly Draft<Item>[]
    : T extends object
      ? { readonly [Name in keyof T]?: Draft<T[Name]> | null | undefined }
      : T
