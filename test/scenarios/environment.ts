/**
 * Replays a scenario: a text of comments, commands and what they led to. Lines that begin with two spaces are
 * output; everything else is kept, commands are run, and the output is written anew, so that the result can
 * be compared word for word.
 *
 *   group 3                     nodes 1, 2, 3 with empty logs
 *   log 1: 1 1 1 4 4            before `start`: the terms of a node's log; `log 1 t6: ...` sets its saved term
 *   start                       starts the nodes (any other command does it too)
 *   tick 1 [10]                 so many ticks of one node
 *   campaign 1                  ticks node 1 until it asks for votes
 *   join 4                      an empty node that knows nobody yet
 *   change 1: 1 2 4 [learners 5]  asks node 1 for these members
 *   transfer 1 [2]              node 1 is to hand over, to node 2 or to anybody
 *   forget 1 4                  node 1 forgets its log up to entry 4
 *   state 1>3 5                 a state of node 1 at entry 5 reaches node 3 whole, and node 1 hears of it
 *   read 1 7                    a read with id 7 begins at node 1
 *   lead 1                      the others forget their leader, node 1 is elected and everybody has its no-op
 *   propose 1 [3]               so many proposals at node 1 in one step
 *   deliver [2>1] [first|last]  what is under way now, of one pair only, or one message of it
 *   drop [2>1]                  loses what is under way
 *   cut 1 [2]                   from now on nothing goes between 1 and the others (or only 1>2)
 *   heal                        the network is whole again
 *   hold 1, release 1           the disk of node 1 stands still, goes on
 *   disk 1 [n]                  the held disk finishes n writes
 *   settle                      delivers and writes until nothing moves
 *   crash 1, restart 1          loses what the disk has not done
 *   damage 1 2                  while 1 is down: its last 2 entries rot, so that it starts in doubt
 *   unreachable 1 2             node 1 hears that its connection to 2 broke
 *   status, logs                how things stand
 *   quiet, loud                 without or with what happens in each step
 */
import { logIndex, nodeId, term, type NodeId } from '../../src/base/brand.ts'
import {
  describeEntries,
  describeMessage,
  describeReady,
  describeStatus,
  type Input,
} from '../../src/raft/index.ts'
import { SimNode, type Packet } from '../sim/node.ts'

const RECORD_BYTES = 100

export function replay(text: string): string {
  const scenario = new Environment()
  const lines: string[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('  ')) continue
    lines.push(line)
    if (line.trim() === '' || line.startsWith('#')) continue
    for (const output of scenario.run(line)) lines.push(`  ${output}`)
  }
  return lines.join('\n')
}

class Environment {
  #nodes = new Map<NodeId, SimNode>()
  #packets: Packet[] = []
  /** `from>to` pairs that nothing gets through. */
  #cut = new Set<string>()
  #held = new Set<NodeId>()
  #started = false
  #loud = true
  #output: string[] = []
  #proposals = 0
  /** What was last told of a node's commit index. */
  readonly #moved = new Map<NodeId, string>()

  run(line: string): readonly string[] {
    this.#output = []
    const [verb = '', ...words] = line.trim().split(/\s+/)
    const unstarted = ['group', 'log', 'start', 'quiet', 'loud', 'hold'].includes(verb)
    if (!unstarted) this.#start()
    const command = this.#commands[verb]
    if (command === undefined) throw new Error(`no such command: ${line}`)
    command(words)
    return this.#output
  }

  readonly #commands: Readonly<Record<string, (words: readonly string[]) => void>> = {
    group: (words) => this.#group(Number(words[0]), Number(words[1] ?? 1)),
    log: (words) => this.#log(words),
    start: () => this.#start(),
    tick: (words) => this.#tick(this.#node(words[0]), Number(words[1] ?? 1)),
    lead: (words) => this.#lead(this.#node(words[0])),
    campaign: (words) => this.#campaign(this.#node(words[0])),
    join: (words) => this.#join(idOf(words[0])),
    change: (words) => this.#change(words),
    transfer: (words) =>
      this.#step(this.#node(words[0]), [
        { type: 'transfer', to: words[1] === undefined ? 0 : idOf(words[1]) },
      ]),
    forget: (words) =>
      this.#step(this.#node(words[0]), [{ type: 'forget', index: logIndex(Number(words[1])) }]),
    state: (words) => this.#state(words),
    read: (words) =>
      this.#step(this.#node(words[0]), [{ type: 'readIndex', ids: words.slice(1).map(Number) }]),
    propose: (words) => this.#propose(this.#node(words[0]), Number(words[1] ?? 1)),
    deliver: (words) => this.#deliver(words),
    drop: (words) => this.#drop(words),
    cut: (words) => this.#cutOff(words),
    heal: () => this.#cut.clear(),
    hold: (words) => void this.#held.add(idOf(words[0])),
    release: (words) => this.#release(this.#node(words[0])),
    disk: (words) => this.#disk(this.#node(words[0]), Number(words[1] ?? 1)),
    settle: () => this.#settle(),
    crash: (words) => this.#crash(this.#node(words[0])),
    restart: (words) => this.#restart(this.#node(words[0])),
    damage: (words) => this.#node(words[0]).disk.damageTail(Number(words[1])),
    unreachable: (words) => this.#step(this.#node(words[0]), [{ type: 'unreachable', peer: idOf(words[1]) }]),
    status: () => this.#status(),
    logs: () => this.#logs(),
    quiet: () => void (this.#loud = false),
    loud: () => void (this.#loud = true),
  }

  #group(count: number, seed: number): void {
    this.#nodes.clear()
    this.#packets = []
    this.#cut.clear()
    this.#held.clear()
    this.#moved.clear()
    this.#started = false
    const voters = Array.from({ length: count }, (_, at) => nodeId(at + 1))
    for (const id of voters) this.#add(id, voters, seed)
  }

  #add(id: NodeId, voters: readonly NodeId[], seed: number): SimNode {
    const node = new SimNode({
      id,
      voters,
      seed: seed * 100 + id,
      electionTicksMin: 10,
      electionTicksMax: 20,
      heartbeatTicks: 2,
      inflightCountMax: 3,
      inflightBytesMax: 100_000,
      appendEntriesMax: 4,
      appendBytesMax: 1000,
    })
    this.#nodes.set(id, node)
    return node
  }

  #join(id: NodeId): void {
    this.#add(id, [], 1).start(logIndex(0), id)
  }

  /** `change 1: 1 2 4 learners 5` */
  #change(words: readonly string[]): void {
    const ids = words.slice(1)
    const end = ids.includes('learners') ? ids.indexOf('learners') : ids.length
    const [voters, learners] = [ids.slice(0, end).map(idOf), ids.slice(end + 1).map(idOf)]
    this.#step(this.#node(words[0]?.replace(':', '')), [{ type: 'changeMembers', voters, learners }])
  }

  /** `log 1: 1 1 2` or `log 1 t5: 1 1 2`. */
  #log(words: readonly string[]): void {
    const colon = words.findIndex((word) => word.endsWith(':'))
    const head = words.slice(0, colon + 1).map((word) => word.replace(':', ''))
    const { disk } = this.#node(head[0])
    const terms = words.slice(colon + 1).map(Number)
    for (const entryTerm of terms) {
      const index = logIndex(disk.entries.length + 1)
      disk.entries.push({ index, term: term(entryTerm), payload: { size: RECORD_BYTES } })
    }
    const saved = Number(head[1]?.slice(1) ?? terms.at(-1) ?? 0)
    disk.hardState = { term: term(saved), votedFor: 0 }
  }

  #start(): void {
    if (this.#started) return
    this.#started = true
    for (const node of this.#nodes.values()) node.start(logIndex(0), node.options.seed)
  }

  #tick(node: SimNode, count: number): void {
    for (let at = 0; at < count; at++) this.#step(node, [{ type: 'tick' }])
  }

  #campaign(node: SimNode): void {
    for (let at = 0; at <= node.options.electionTicksMax; at++) {
      const asked = this.#step(node, [{ type: 'tick' }])
      if (asked) return
    }
  }

  #lead(node: SimNode): void {
    const wasLoud = this.#loud
    this.#loud = false
    for (const other of this.#nodes.values()) {
      if (other !== node && other.isUp) this.#tick(other, node.options.electionTicksMin)
    }
    this.#packets = []
    this.#campaign(node)
    this.#settle()
    this.#tick(node, node.options.heartbeatTicks)
    this.#settle()
    this.#loud = wasLoud
  }

  #propose(node: SimNode, count: number): void {
    const payloads = Array.from({ length: count }, () => ({ size: RECORD_BYTES, number: ++this.#proposals }))
    this.#step(node, [{ type: 'propose', payloads }])
  }

  /** `state 1>3 5` */
  #state(words: readonly string[]): void {
    const [from, to] = (words[0] ?? '').split('>').map((word) => this.#node(word))
    if (from === undefined || to === undefined) throw new Error('a state goes from one node to another')
    const index = logIndex(Number(words[1]))
    const mark = {
      index,
      term: term(from.termAt(index) ?? 0),
      configuration: from.raft.configurationAt(index),
    }
    const message = { type: 'installSnapshot', term: from.raft.status().term, mark } as const
    this.#hand({ from: from.id, to: to.id, message })
    this.#step(from, [{ type: 'snapshotReported', peer: to.id, index, ok: true }])
  }

  #deliver(words: readonly string[]): void {
    for (const packet of this.#take(words)) this.#hand(packet)
  }

  #drop(words: readonly string[]): void {
    for (const packet of this.#take(words))
      this.#say(`${pairOf(packet)} lost: ${describeMessage(packet.message)}`)
  }

  /** Takes out what is under way: all, or of one pair, or its first or last message. */
  #take(words: readonly string[]): readonly Packet[] {
    const pair = words.find((word) => word.includes('>'))
    const wanted = (packet: Packet): boolean => pair === undefined || pairOf(packet) === pair
    const fitting = this.#packets.filter(wanted)
    const taken = words.includes('first')
      ? fitting.slice(0, 1)
      : words.includes('last')
        ? fitting.slice(-1)
        : fitting
    this.#packets = this.#packets.filter((packet) => !taken.includes(packet))
    return taken
  }

  #hand(packet: Packet): void {
    const node = this.#nodes.get(packet.to)
    if (node === undefined || !node.isUp || this.#cut.has(pairOf(packet))) {
      this.#say(`${pairOf(packet)} lost: ${describeMessage(packet.message)}`)
      return
    }
    this.#say(`${pairOf(packet)} ${describeMessage(packet.message)}`)
    this.#step(node, [{ type: 'message', from: packet.from, message: packet.message }])
  }

  #cutOff(words: readonly string[]): void {
    const one = idOf(words[0])
    for (const other of this.#nodes.keys()) {
      if (words[1] === undefined) this.#cut.add(`${other}>${one}`)
      if (words[1] === undefined || idOf(words[1]) === other) this.#cut.add(`${one}>${other}`)
    }
  }

  #release(node: SimNode): void {
    this.#held.delete(node.id)
    this.#write(node)
  }

  #disk(node: SimNode, count: number): void {
    for (let at = 0; at < count && node.disk.pendingCount > 0; at++) {
      const write = node.disk.completeNext()
      this.#say(`${node.id} disk has done write #${write}`)
      this.#step(node, [{ type: 'persisted', write }])
    }
  }

  /** The disk of a node does all that waits, unless it is held. Returns whether it did anything. */
  #write(node: SimNode): boolean {
    if (this.#held.has(node.id) || !node.isUp || node.disk.pendingCount === 0) return false
    while (node.disk.pendingCount > 0)
      this.#step(node, [{ type: 'persisted', write: node.disk.completeNext() }])
    return true
  }

  #settle(): void {
    for (let moved = true, turn = 0; moved; turn++) {
      if (turn > 1000) throw new Error('the scenario does not settle')
      moved = false
      for (const node of this.#nodes.values()) moved = this.#write(node) || moved
      const packets = this.#take([])
      for (const packet of packets) this.#hand(packet)
      moved = packets.length > 0 || moved
    }
  }

  #crash(node: SimNode): void {
    node.stop()
    node.disk.crash(null)
    this.#packets = this.#packets.filter((packet) => packet.from !== node.id)
  }

  #restart(node: SimNode): void {
    node.start(logIndex(0), node.options.seed)
    this.#step(node, [])
  }

  /** Runs a step and tells what it led to. Returns whether the node asked for votes. */
  #step(node: SimNode, inputs: readonly Input[]): boolean {
    const before = this.#moved.get(node.id)
    const { ready, packets } = node.step(inputs)
    for (const packet of packets) {
      // A state goes beside the messages: it is offered, and `state` sends it.
      if (packet.message.type === 'installSnapshot')
        this.#say(`${pairOf(packet)} offers ${describeMessage(packet.message)}`)
      else this.#packets.push(packet)
    }
    const moved = `commit ${ready.commitIndex}, apply to ${ready.applyTo}`
    this.#moved.set(node.id, moved)
    for (const line of describeReady({ ...ready, send: [] })) {
      if (line !== moved || moved !== (before ?? 'commit 0, apply to 0')) this.#say(`${node.id} ${line}`)
    }
    const asks = ready.send.some(({ message }) => message.type === 'preVote')
    return asks || ready.roleChange?.role === 'candidate'
  }

  #status(): void {
    for (const node of this.#nodes.values()) {
      const how = node.isUp ? describeStatus(node.raft.status()) : 'down'
      this.#output.push(`${node.id} ${how}`)
    }
  }

  #logs(): void {
    for (const node of this.#nodes.values()) {
      const entries = node.isUp ? node.log : node.disk.entries
      const plain = entries.map((entry) => ({ ...entry, payload: { size: RECORD_BYTES } }))
      this.#output.push(`${node.id} ${describeEntries(plain)}`)
    }
  }

  #say(line: string): void {
    if (this.#loud) this.#output.push(line)
  }

  #node(word: string | undefined): SimNode {
    const node = this.#nodes.get(idOf(word))
    if (node === undefined) throw new Error(`no node ${word}`)
    return node
  }
}

function idOf(word: string | undefined): NodeId {
  return nodeId(Number(word))
}

function pairOf(packet: Packet): string {
  return `${packet.from}>${packet.to}`
}
