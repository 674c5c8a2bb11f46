/**
 * Members on 127.0.0.1 with a wire between each pair that a test can cut, freeze and watch. Every member dials
 * the others through wires, so that addresses are known before anybody listens.
 */
import { connect, createServer } from 'node:net';
import { millis, nodeId } from '../../../src/base/brand.js';
import { PeerTransport } from '../../../src/dledger/peers/transport.js';
export const SILENCE_MS = 400;
export const realClock = {
    mono: () => performance.now(),
    wall: () => millis(Date.now()),
    sleep: (ms, signal) => new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener('abort', () => {
            clearTimeout(timer);
            reject(signal.reason);
        });
    }),
    timer: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
    },
};
export const quiet = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
    child: () => quiet,
};
/** Resolves as soon as `holds`, looking after every turn of the loop; rejects after `ms`. */
export async function until(holds, what, ms = 10_000) {
    const end = performance.now() + ms;
    while (!holds()) {
        if (performance.now() > end)
            throw new Error(`waited in vain until ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 2));
    }
}
/** Passes on bytes between who connects to `port` and 127.0.0.1:`target`. */
export class Wire {
    target = 0;
    /** Bytes are neither read nor passed on, as when a cable is out. */
    frozen = false;
    /** How many sockets came in. */
    count = 0;
    #server;
    #sockets = new Set();
    constructor() {
        this.#server = createServer((left) => this.#join(left));
    }
    async listen() {
        await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
        return this.#server.address().port;
    }
    /** Breaks every connection that goes through. New ones are let in. */
    cut() {
        for (const socket of this.#sockets)
            socket.resetAndDestroy();
    }
    freeze() {
        this.frozen = true;
        for (const socket of this.#sockets)
            socket.pause();
    }
    thaw() {
        this.frozen = false;
        for (const socket of this.#sockets)
            socket.resume();
    }
    async close() {
        this.cut();
        await new Promise((resolve) => this.#server.close(resolve));
    }
    #join(left) {
        this.count++;
        if (this.target === 0) {
            left.on('error', () => undefined);
            left.resetAndDestroy();
            return;
        }
        const right = connect(this.target, '127.0.0.1');
        for (const [from, to] of [
            [left, right],
            [right, left],
        ]) {
            this.#sockets.add(from);
            from.setNoDelay(true);
            from.on('data', (chunk) => {
                if (!to.write(chunk))
                    from.pause();
            });
            to.on('drain', () => {
                if (!this.frozen)
                    from.resume();
            });
            from.on('error', () => to.destroy());
            from.on('end', () => to.end());
            from.on('close', () => {
                this.#sockets.delete(from);
                to.destroy();
            });
            if (this.frozen)
                from.pause();
        }
    }
}
export const A = nodeId(1);
export const B = nodeId(2);
export const C = nodeId(3);
/** A member and everything that its transport told. */
export class Member {
    transport;
    id;
    raft = [];
    events = [];
    greetings = [];
    judge = () => ({ accepted: true });
    answer = async (_kind, body) => [body];
    onRaft = null;
    constructor(options) {
        this.id = options.ownId;
        this.transport = new PeerTransport(options, {
            judgePeer: (greeting) => {
                this.greetings.push(greeting);
                return this.judge(greeting);
            },
            onRaft: (from, body) => {
                if (this.onRaft !== null)
                    this.onRaft(from, body);
                else
                    this.raft.push({ from, body: body.slice() });
            },
            onCall: (from, kind, body, signal) => this.answer(kind, body, signal, from),
            onConnection: (event) => void this.events.push(event),
        });
    }
    connected(...peers) {
        return peers.every((peer) => this.transport.connected(peer, 'raft') && this.transport.connected(peer, 'call'));
    }
    has(type, fields = {}) {
        return this.events.some((event) => event.type === type &&
            Object.entries(fields).every(([name, value]) => Object.entries(event).some(([n, v]) => n === name && v === value)));
    }
}
/** Members, their wires, and the closing of both. `wire(from, to)` carries what `from` dials. */
export class Net {
    #wires = new Map();
    #members = new Set();
    #ids;
    constructor(ids) {
        this.#ids = ids;
    }
    static async of(...ids) {
        const net = new Net(ids);
        for (const from of ids) {
            for (const to of ids) {
                const wire = new Wire();
                net.#wires.set(`${from}-${to}`, { wire, port: await wire.listen() });
            }
        }
        return net;
    }
    wire(from, to) {
        return this.#entry(from, to).wire;
    }
    options(id, change = {}) {
        return {
            ownId: id,
            members: this.#ids.map((to) => ({ id: to, host: '127.0.0.1', port: this.#entry(id, to).port })),
            listen: { host: '127.0.0.1', port: 0 },
            clusterId: 'test',
            group: 'g',
            identity: identityOf(id),
            version: '0.0.0',
            clock: realClock,
            logger: quiet,
            seed: id,
            redialMs: { min: 10, max: 50 },
            connectTimeoutMs: 1000,
            silenceMs: SILENCE_MS,
            ...change,
        };
    }
    /** Starts a member and lets the wires to it through. */
    async start(id, change = {}) {
        const member = new Member(this.options(id, change));
        await this.add(member);
        return member;
    }
    async add(member) {
        this.#members.add(member);
        await member.transport.start();
        for (const from of this.#ids)
            this.wire(from, member.id).target = member.transport.port;
    }
    async stop(member) {
        this.#members.delete(member);
        for (const from of this.#ids)
            this.wire(from, member.id).target = 0;
        await member.transport.close();
    }
    async [Symbol.asyncDispose]() {
        for (const member of this.#members)
            await member.transport.close();
        for (const { wire } of this.#wires.values())
            await wire.close();
    }
    #entry(from, to) {
        const entry = this.#wires.get(`${from}-${to}`);
        if (entry === undefined)
            throw new Error('no such wire');
        return entry;
    }
}
export function identityOf(id, startCount = 1) {
    return { folderId: `folder-${id}`, startCount, processId: `process-${id}-${startCount}` };
}
