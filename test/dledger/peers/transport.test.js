var __addDisposableResource = (this && this.__addDisposableResource) || function (env, value, async) {
    if (value !== null && value !== void 0) {
        if (typeof value !== "object" && typeof value !== "function") throw new TypeError("Object expected.");
        var dispose, inner;
        if (async) {
            if (!Symbol.asyncDispose) throw new TypeError("Symbol.asyncDispose is not defined.");
            dispose = value[Symbol.asyncDispose];
        }
        if (dispose === void 0) {
            if (!Symbol.dispose) throw new TypeError("Symbol.dispose is not defined.");
            dispose = value[Symbol.dispose];
            if (async) inner = dispose;
        }
        if (typeof dispose !== "function") throw new TypeError("Object not disposable.");
        if (inner) dispose = function() { try { inner.call(this); } catch (e) { return Promise.reject(e); } };
        env.stack.push({ value: value, dispose: dispose, async: async });
    }
    else if (async) {
        env.stack.push({ async: true });
    }
    return value;
};
var __disposeResources = (this && this.__disposeResources) || (function (SuppressedError) {
    return function (env) {
        function fail(e) {
            env.error = env.hasError ? new SuppressedError(e, env.error, "An error was suppressed during disposal.") : e;
            env.hasError = true;
        }
        var r, s = 0;
        function next() {
            while (r = env.stack.pop()) {
                try {
                    if (!r.async && s === 1) return s = 0, env.stack.push(r), Promise.resolve().then(next);
                    if (r.dispose) {
                        var result = r.dispose.call(r.value);
                        if (r.async) return s |= 2, Promise.resolve(result).then(next, function(e) { fail(e); return next(); });
                    }
                    else s |= 1;
                }
                catch (e) {
                    fail(e);
                }
            }
            if (s === 1) return env.hasError ? Promise.reject(env.error) : Promise.resolve();
            if (env.hasError) throw env.error;
        }
        return next();
    };
})(typeof SuppressedError === "function" ? SuppressedError : function (error, suppressed, message) {
    var e = new Error(message);
    return e.name = "SuppressedError", e.error = error, e.suppressed = suppressed, e;
});
import { describe, expect, test } from 'vitest';
import { crc32 } from '../../../src/base/crc32.js';
import { BrokerError } from '../../../src/base/errors.js';
import { A, B, C, identityOf, Net, SILENCE_MS, until } from './harness.js';
function text(value) {
    return new TextEncoder().encode(value);
}
describe('raft messages', () => {
    test('three members reach one another over two connections each way', async () => {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_1, await Net.of(A, B, C), true);
            const members = [await net.start(A), await net.start(B), await net.start(C)];
            const [a, b, c] = members;
            await until(() => !!a?.connected(B, C) && !!b?.connected(A, C) && !!c?.connected(A, B), 'all are connected');
            for (const member of members) {
                expect(member.events.filter((event) => event.type === 'up')).toHaveLength(8);
                expect(member.events).toHaveLength(8);
            }
        }
        catch (e_1) {
            env_1.error = e_1;
            env_1.hasError = true;
        }
        finally {
            const result_1 = __disposeResources(env_1);
            if (result_1)
                await result_1;
        }
    });
    test('messages of all sizes arrive whole and in order', async () => {
        const env_2 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_2, await Net.of(A, B), true);
            const a = await net.start(A);
            const b = await net.start(B);
            await until(() => a.connected(B), 'a is connected');
            const sizes = [0, 1, 40, 4095, 4096, 70_000, 3, 1_500_000, 12, 65_536, 9];
            const sent = sizes.map((size, at) => new Uint8Array(size).fill(at + 1));
            for (const body of sent)
                expect(a.transport.sendRaft(B, [text('head'), body, text('tail')])).toBe(true);
            await until(() => b.raft.length === sizes.length, 'all came');
            for (const [at, { from, body }] of b.raft.entries()) {
                expect(from).toBe(A);
                const whole = new Uint8Array([...text('head'), ...(sent[at] ?? []), ...text('tail')]);
                expect(crc32(body)).toBe(crc32(whole));
            }
        }
        catch (e_2) {
            env_2.error = e_2;
            env_2.hasError = true;
        }
        finally {
            const result_2 = __disposeResources(env_2);
            if (result_2)
                await result_2;
        }
    });
    test('thousands of small messages of one turn leave in few packets and keep their order', async () => {
        const env_3 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_3, await Net.of(A, B), true);
            const a = await net.start(A);
            const b = await net.start(B);
            await until(() => a.connected(B), 'a is connected');
            const seen = [];
            b.onRaft = (_from, body) => void seen.push(new DataView(body.buffer, body.byteOffset).getUint32(0));
            for (let i = 0; i < 20_000; i++) {
                const body = new Uint8Array(4);
                new DataView(body.buffer).setUint32(0, i);
                a.transport.sendRaft(B, [body]);
                if (i === 10_000)
                    a.transport.flush();
            }
            await until(() => seen.length === 20_000, 'all came');
            expect(seen.every((value, at) => value === at)).toBe(true);
        }
        catch (e_3) {
            env_3.error = e_3;
            env_3.hasError = true;
        }
        finally {
            const result_3 = __disposeResources(env_3);
            if (result_3)
                await result_3;
        }
    });
    test('a send to a member that is not connected is dropped, not kept for later', async () => {
        const env_4 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_4, await Net.of(A, B), true);
            const a = await net.start(A);
            expect(a.transport.sendRaft(B, [text('early')])).toBe(false);
            expect(a.transport.sendRaft(C, [text('nobody')])).toBe(false);
            const b = await net.start(B);
            await until(() => a.connected(B), 'a is connected');
            expect(a.transport.sendRaft(B, [text('late')])).toBe(true);
            await until(() => b.raft.length > 0, 'one came');
            expect(b.raft.map(({ body }) => new TextDecoder().decode(body))).toEqual(['late']);
        }
        catch (e_4) {
            env_4.error = e_4;
            env_4.hasError = true;
        }
        finally {
            const result_4 = __disposeResources(env_4);
            if (result_4)
                await result_4;
        }
    });
    test('a paused member makes sends fail at 64 MiB, and gets everything that was taken once it reads on', async () => {
        const env_5 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_5, await Net.of(A, B), true);
            const a = await net.start(A, { silenceMs: 60_000 });
            const b = await net.start(B, { silenceMs: 60_000 });
            await until(() => a.connected(B), 'a is connected');
            let count = 0;
            b.onRaft = () => void count++;
            b.transport.pause(A);
            const body = new Uint8Array(1024 * 1024);
            let taken = 0;
            // What the system and the wire take in leaves the queue; after that it stays full.
            for (let tries = 0; tries < 200; tries++) {
                while (a.transport.sendRaft(B, [text('head'), body]))
                    taken++;
                await new Promise((resolve) => setImmediate(resolve));
            }
            expect(taken).toBeGreaterThanOrEqual(63);
            expect(taken).toBeLessThan(128);
            b.transport.resume(A);
            await until(() => count === taken, 'all that was taken came');
            expect(a.transport.sendRaft(B, [text('more')])).toBe(true);
        }
        catch (e_5) {
            env_5.error = e_5;
            env_5.hasError = true;
        }
        finally {
            const result_5 = __disposeResources(env_5);
            if (result_5)
                await result_5;
        }
    });
});
describe('connections that end', () => {
    test('after a cut both sides are told and find together again', async () => {
        const env_6 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_6, await Net.of(A, B), true);
            const a = await net.start(A);
            const b = await net.start(B);
            await until(() => a.connected(B) && b.connected(A), 'both are connected');
            net.wire(A, B).cut();
            await until(() => a.has('down', { direction: 'out' }) && b.has('down', { direction: 'in' }), 'both know');
            expect(a.events.filter((event) => event.type === 'down').every((event) => event.ending !== 'silent')).toBe(true);
            await until(() => a.connected(B), 'a is connected again');
            expect(a.transport.sendRaft(B, [text('again')])).toBe(true);
            await until(() => b.raft.length === 1, 'it came');
        }
        catch (e_6) {
            env_6.error = e_6;
            env_6.hasError = true;
        }
        finally {
            const result_6 = __disposeResources(env_6);
            if (result_6)
                await result_6;
        }
    });
    test('a message cut by a broken connection never merges with the next connection', async () => {
        const env_7 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_7, await Net.of(A, B), true);
            const a = await net.start(A);
            const b = await net.start(B);
            const bodies = Array.from({ length: 4 }, (_, at) => new Uint8Array(8_000_000).fill(at + 1));
            for (const [at, body] of bodies.entries()) {
                await until(() => a.connected(B), 'a is connected');
                a.transport.sendRaft(B, [new Uint8Array([at + 1]), body]);
                a.transport.flush();
                // Some of it is on its way, then the wire breaks in the middle of it.
                await new Promise((resolve) => setTimeout(resolve, 3));
                if (at < 3)
                    net.wire(A, B).cut();
                if (at < 3)
                    await until(() => !a.transport.connected(B, 'raft'), 'the break is seen');
            }
            await until(() => b.raft.at(-1)?.body[0] === 4, 'the last came');
            for (const { body } of b.raft) {
                expect(body.byteLength).toBe(8_000_001);
                expect(body.every((byte) => byte === body[0])).toBe(true);
            }
        }
        catch (e_7) {
            env_7.error = e_7;
            env_7.hasError = true;
        }
        finally {
            const result_7 = __disposeResources(env_7);
            if (result_7)
                await result_7;
        }
    });
    test('a member that restarts with the next start count is connected again', async () => {
        const env_8 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_8, await Net.of(A, B), true);
            const a = await net.start(A);
            const b = await net.start(B);
            await until(() => a.connected(B), 'a is connected');
            await net.stop(b);
            await until(() => !a.transport.connected(B, 'raft') && !a.transport.connected(B, 'call'), 'a knows');
            const again = await net.start(B, { identity: identityOf(B, 2) });
            await until(() => a.connected(B) && again.connected(A), 'both are connected');
            expect(a.greetings.at(-1)).toMatchObject({ fromId: B, startCount: 2 });
        }
        catch (e_8) {
            env_8.error = e_8;
            env_8.hasError = true;
        }
        finally {
            const result_8 = __disposeResources(env_8);
            if (result_8)
                await result_8;
        }
    });
    test('a member behind a wire that passes nothing on is found silent within one and a half times the limit', async () => {
        const env_9 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_9, await Net.of(A, B), true);
            const a = await net.start(A);
            const b = await net.start(B);
            await until(() => a.connected(B) && b.connected(A), 'both are connected');
            const from = performance.now();
            net.wire(A, B).freeze();
            net.wire(B, A).freeze();
            await until(() => a.has('down', { ending: 'silent', direction: 'out', channel: 'raft' }), 'raft is silent');
            const took = performance.now() - from;
            await until(() => a.has('down', { ending: 'silent', direction: 'in', channel: 'call' }), 'call is silent');
            expect(took).toBeGreaterThan(SILENCE_MS * 0.7);
            expect(took).toBeLessThan(SILENCE_MS * 3);
            expect(a.transport.sendRaft(B, [text('lost')])).toBe(false);
            net.wire(A, B).thaw();
            net.wire(B, A).thaw();
            await until(() => a.connected(B) && b.connected(A), 'both are connected again');
        }
        catch (e_9) {
            env_9.error = e_9;
            env_9.hasError = true;
        }
        finally {
            const result_9 = __disposeResources(env_9);
            if (result_9)
                await result_9;
        }
    });
    test('an idle connection stays up, and so does one whose reader is paused', async () => {
        const env_10 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_10, await Net.of(A, B), true);
            const a = await net.start(A);
            const b = await net.start(B);
            await until(() => a.connected(B) && b.connected(A), 'both are connected');
            b.transport.pause(A);
            await new Promise((resolve) => setTimeout(resolve, SILENCE_MS * 3));
            expect([...a.events, ...b.events].filter((event) => event.type === 'down')).toEqual([]);
        }
        catch (e_10) {
            env_10.error = e_10;
            env_10.hasError = true;
        }
        finally {
            const result_10 = __disposeResources(env_10);
            if (result_10)
                await result_10;
        }
    });
    test('a closed transport has told the end of each connection and frees its port', async () => {
        const env_11 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_11, await Net.of(A, B), true);
            const a = await net.start(A);
            const b = await net.start(B);
            await until(() => a.connected(B) && b.connected(A), 'both are connected');
            const port = b.transport.port;
            await net.stop(b);
            expect(b.events.filter((event) => event.type === 'up')).toHaveLength(4);
            expect(b.events.filter((event) => event.type === 'down').map((event) => event.ending)).toEqual([
                'local',
                'local',
                'local',
                'local',
            ]);
            await b.transport.close();
            await net.start(B, { listen: { host: '127.0.0.1', port }, identity: identityOf(B, 2) });
        }
        catch (e_11) {
            env_11.error = e_11;
            env_11.hasError = true;
        }
        finally {
            const result_11 = __disposeResources(env_11);
            if (result_11)
                await result_11;
        }
    });
    test('a port that is taken is an error of start', async () => {
        const env_12 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_12, await Net.of(A, B), true);
            const a = await net.start(A);
            const taken = { host: '127.0.0.1', port: a.transport.port };
            await expect(net.start(B, { listen: taken })).rejects.toThrow('EADDRINUSE');
        }
        catch (e_12) {
            env_12.error = e_12;
            env_12.hasError = true;
        }
        finally {
            const result_12 = __disposeResources(env_12);
            if (result_12)
                await result_12;
        }
    });
});
describe('calls', () => {
    test('calls are pipelined and answered in any order', async () => {
        const env_13 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_13, await Net.of(A, B), true);
            const a = await net.start(A);
            const b = await net.start(B);
            const open = [];
            b.answer = async (kind, body) => {
                await new Promise((resolve) => open.push(resolve));
                return [text(`${kind}:`), body];
            };
            await until(() => a.connected(B), 'a is connected');
            const calls = Array.from({ length: 100 }, (_, i) => a.transport.call(B, i, [text('x'), text(String(i))], { timeoutMs: 10_000 }));
            await until(() => open.length === 100, 'all run at the same time');
            for (const answer of open.reverse())
                answer();
            const answers = await Promise.all(calls);
            expect(answers.map((answer) => new TextDecoder().decode(answer))).toEqual(calls.map((_, i) => `${i}:x${i}`));
        }
        catch (e_13) {
            env_13.error = e_13;
            env_13.hasError = true;
        }
        finally {
            const result_13 = __disposeResources(env_13);
            if (result_13)
                await result_13;
        }
    });
    test('large calls do not hold back raft messages', async () => {
        const env_14 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_14, await Net.of(A, B), true);
            const a = await net.start(A);
            const b = await net.start(B);
            await until(() => a.connected(B), 'a is connected');
            const body = new Uint8Array(16 * 1024 * 1024);
            const large = a.transport.call(B, 1, [body], { timeoutMs: 20_000 });
            let answered = false;
            void large.then(() => void (answered = true));
            a.transport.sendRaft(B, [text('beat')]);
            await until(() => b.raft.length === 1, 'the beat came');
            expect(answered).toBe(false);
            expect((await large).byteLength).toBe(body.byteLength);
        }
        catch (e_14) {
            env_14.error = e_14;
            env_14.hasError = true;
        }
        finally {
            const result_14 = __disposeResources(env_14);
            if (result_14)
                await result_14;
        }
    });
    test('an error of the handler comes back with code, outcome and message', async () => {
        const env_15 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_15, await Net.of(A, B), true);
            const a = await net.start(A);
            const b = await net.start(B);
            await until(() => a.connected(B), 'a is connected');
            b.answer = async () => {
                throw new BrokerError('TOPIC_NOT_FOUND', 'no topic "t"', { outcome: 'none' });
            };
            await expect(a.transport.call(B, 1, [], { timeoutMs: 5000 })).rejects.toMatchObject({
                code: 'TOPIC_NOT_FOUND',
                outcome: 'none',
                message: 'no topic "t"',
            });
            b.answer = async () => {
                throw new Error('surprise');
            };
            await expect(a.transport.call(B, 1, [], { timeoutMs: 5000 })).rejects.toMatchObject({
                code: 'CLOSED',
                outcome: 'unknown',
            });
        }
        catch (e_15) {
            env_15.error = e_15;
            env_15.hasError = true;
        }
        finally {
            const result_15 = __disposeResources(env_15);
            if (result_15)
                await result_15;
        }
    });
    test('a cancelled call ends at once and its handler learns it', async () => {
        const env_16 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_16, await Net.of(A, B), true);
            const a = await net.start(A);
            const b = await net.start(B);
            await until(() => a.connected(B), 'a is connected');
            let handlerAborted = false;
            let running = false;
            b.answer = (_kind, _body, signal) => new Promise((resolve) => {
                running = true;
                signal.addEventListener('abort', () => {
                    handlerAborted = true;
                    resolve([text('too late')]);
                });
            });
            const controller = new AbortController();
            const call = a.transport.call(B, 1, [], { timeoutMs: 60_000, signal: controller.signal });
            await until(() => running, 'the handler runs');
            controller.abort();
            await expect(call).rejects.toMatchObject({ code: 'CANCELLED', outcome: 'unknown' });
            await until(() => handlerAborted, 'the handler knows');
            const early = a.transport.call(B, 1, [], { timeoutMs: 60_000, signal: controller.signal });
            await expect(early).rejects.toMatchObject({ code: 'CANCELLED', outcome: 'none' });
        }
        catch (e_16) {
            env_16.error = e_16;
            env_16.hasError = true;
        }
        finally {
            const result_16 = __disposeResources(env_16);
            if (result_16)
                await result_16;
        }
    });
    test('a call that is not answered in time ends as unknown and is cancelled over there', async () => {
        const env_17 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_17, await Net.of(A, B), true);
            const a = await net.start(A);
            const b = await net.start(B);
            await until(() => a.connected(B), 'a is connected');
            let aborted = false;
            b.answer = (_kind, _body, signal) => new Promise((resolve) => {
                signal.addEventListener('abort', () => {
                    aborted = true;
                    resolve([]);
                });
            });
            await expect(a.transport.call(B, 1, [], { timeoutMs: 30 })).rejects.toMatchObject({
                code: 'TIMEOUT',
                outcome: 'unknown',
            });
            await until(() => aborted, 'the handler knows');
        }
        catch (e_17) {
            env_17.error = e_17;
            env_17.hasError = true;
        }
        finally {
            const result_17 = __disposeResources(env_17);
            if (result_17)
                await result_17;
        }
    });
    test('a call without a connection did nothing; one whose connection breaks is unknown, and its handler learns it', async () => {
        const env_18 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_18, await Net.of(A, B), true);
            const a = await net.start(A);
            await expect(a.transport.call(B, 1, [], { timeoutMs: 1000 })).rejects.toMatchObject({
                code: 'NO_LEADER',
                outcome: 'none',
            });
            const b = await net.start(B);
            await until(() => a.connected(B), 'a is connected');
            let aborted = false;
            let running = false;
            b.answer = (_kind, _body, signal) => new Promise((resolve) => {
                running = true;
                signal.addEventListener('abort', () => {
                    aborted = true;
                    resolve([]);
                });
            });
            const call = a.transport.call(B, 1, [], { timeoutMs: 60_000 });
            const failed = expect(call).rejects.toMatchObject({ code: 'NO_LEADER', outcome: 'unknown' });
            await until(() => running, 'the handler runs');
            net.wire(A, B).cut();
            await failed;
            await until(() => aborted, 'the handler knows');
        }
        catch (e_18) {
            env_18.error = e_18;
            env_18.hasError = true;
        }
        finally {
            const result_18 = __disposeResources(env_18);
            if (result_18)
                await result_18;
        }
    });
    test('calls that wait when the transport closes end as unknown', async () => {
        const env_19 = { stack: [], error: void 0, hasError: false };
        try {
            const net = __addDisposableResource(env_19, await Net.of(A, B), true);
            const a = await net.start(A);
            const b = await net.start(B);
            b.answer = (_kind, _body, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve([])));
            await until(() => a.connected(B), 'a is connected');
            const failed = expect(a.transport.call(B, 1, [], { timeoutMs: 60_000 })).rejects.toMatchObject({
                code: 'CLOSED',
                outcome: 'unknown',
            });
            await net.stop(a);
            await failed;
            await expect(a.transport.call(B, 1, [], { timeoutMs: 1000 })).rejects.toMatchObject({
                code: 'CLOSED',
                outcome: 'none',
            });
        }
        catch (e_19) {
            env_19.error = e_19;
            env_19.hasError = true;
        }
        finally {
            const result_19 = __disposeResources(env_19);
            if (result_19)
                await result_19;
        }
    });
});
