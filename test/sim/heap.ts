/** A binary min-heap of numbers with a value each, for deadlines. */

export class Heap<T> {
  #keys: number[] = []
  #values: T[] = []

  get size(): number {
    return this.#keys.length
  }

  /** The smallest key, or `undefined` when empty. */
  peekKey(): number | undefined {
    return this.#keys[0]
  }

  peek(): T | undefined {
    return this.#values[0]
  }

  push(key: number, value: T): void {
    let at = this.#keys.length
    this.#keys.push(key)
    this.#values.push(value)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if ((this.#keys[parent] as number) <= key) break
      this.#keys[at] = this.#keys[parent] as number
      this.#values[at] = this.#values[parent] as T
      at = parent
    }
    this.#keys[at] = key
    this.#values[at] = value
  }

  /** Takes out the value with the smallest key. */
  pop(): T | undefined {
    const top = this.#values[0]
    const key = this.#keys.pop()
    const value = this.#values.pop()
    if (this.#keys.length > 0) this.#sink(key as number, value as T)
    return top
  }

  clear(): void {
    this.#keys = []
    this.#values = []
  }

  #sink(key: number, value: T): void {
    const size = this.#keys.length
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      if (child + 1 < size && (this.#keys[child + 1] as number) < (this.#keys[child] as number)) child++
      if ((this.#keys[child] as number) >= key) break
      this.#keys[at] = this.#keys[child] as number
      this.#values[at] = this.#values[child] as T
      at = child
    }
    this.#keys[at] = key
    this.#values[at] = value
  }
}
