/** The calls of `dledger.v1.Admin` that integration tests need. */
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
const proto = loadSync('dledger/v1/admin.proto', {
    includeDirs: [join(import.meta.dirname, '..', '..', 'proto')],
    longs: Number,
    enums: String,
    defaults: true,
});
const service = proto['dledger.v1.Admin'];
export class Admin {
    #client;
    constructor(endpoint) {
        this.#client = new Client(endpoint, credentials.createInsecure(), {
            'grpc.initial_reconnect_backoff_ms': 50,
            'grpc.max_reconnect_backoff_ms': 100,
        });
    }
    /** `undefined` when the member does not answer within a second. */
    async describeMember() {
        try {
            return (await this.call('DescribeMember', {}, 1_000));
        }
        catch {
            return undefined;
        }
    }
    async createTopic(name, queueCount = 0) {
        await this.call('CreateTopic', { name, queueCount });
    }
    async createGroup(name, attemptsMax = 0) {
        await this.call('CreateGroup', { name, attemptsMax });
    }
    async describeTopic(name) {
        return (await this.call('DescribeTopic', { name }));
    }
    async describeGroup(name) {
        return (await this.call('DescribeGroup', { name }));
    }
    call(method, request, msMax = 15_000) {
        const definition = service[method];
        if (definition === undefined)
            throw new Error(`dledger.v1.Admin has no ${method}`);
        return new Promise((resolve, reject) => {
            this.#client.makeUnaryRequest(definition.path, definition.requestSerialize, definition.responseDeserialize, request, { deadline: Date.now() + msMax }, (error, answer) => (error === null ? resolve(answer) : reject(error)));
        });
    }
    close() {
        this.#client.close();
    }
}
