/**
 * Reads the configuration file of a member or of a name server (YAML), checks it against a schema and fills in
 * the defaults. Each fault names its key, what is there and what was expected. Paths in a file are relative to
 * the folder of the file.
 */
import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, resolve } from 'node:path'
import { parseDocument, stringify } from 'yaml'
import { z } from 'zod'
import { DELAY_MS_MAX } from '../base/limits.ts'
import { type BrokerConfig, CONFIG_DEFAULTS, type NamesrvConfig, splitEndpoint } from '../base/config.ts'
import { BrokerError, messageOf } from '../base/errors.ts'
import { faultText } from './config-faults.ts'

const MIB = 1024 * 1024
const NAME_EXPECTED = '1 to 100 letters, digits, ".", "_" or "-"'

const name = z.string({ error: NAME_EXPECTED }).regex(/^[A-Za-z0-9._-]{1,100}$/, { error: NAME_EXPECTED })
const path = z
  .string({ error: 'the path of a file or folder' })
  .min(1, { error: 'the path of a file or folder' })
const flag = z.boolean({ error: 'true or false' })
const logLevel = z.enum(['debug', 'info', 'warn', 'error'], { error: 'debug, info, warn or error' })

/** RocketMQ's names for what is always so here: a file that asks for it is right, one that asks for less is not. */
const ALWAYS_SYNC =
  'SYNC_FLUSH and SYNC_MASTER, or nothing: every acknowledged write is on the disks of a majority, there is no faster mode'

function whole(from: number, to: number): z.ZodNumber {
  const error = `a whole number from ${from} to ${to}`
  return z.number({ error }).int({ error }).min(from, { error }).max(to, { error })
}

const endpoint = z
  .string({ error: 'an address as host:port' })
  .refine((text) => splitEndpoint(text) !== undefined, { error: 'an address as host:port' })

function part<Shape extends z.core.$ZodLooseShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'invalid_type' ? `the keys ${Object.keys(shape).join(', ')}` : undefined,
  })
}

const member = part({ id: whole(1, 65_535), client: endpoint, peer: endpoint })

const log = part({
  segmentBytes: whole(64 * MIB, 4096 * MIB).default(CONFIG_DEFAULTS.log.segmentBytes),
  diskReserveBytes: whole(0, Number.MAX_SAFE_INTEGER).default(CONFIG_DEFAULTS.log.diskReserveBytes),
  scrubPeriodMs: whole(0, 366 * 24 * 3600_000).default(CONFIG_DEFAULTS.log.scrubPeriodMs),
  catchUpBytesPerSecond: whole(64 * 1024, Number.MAX_SAFE_INTEGER).default(
    CONFIG_DEFAULTS.log.catchUpBytesPerSecond,
  ),
})

const retention = part({
  hours: whole(1, 1_000_000).default(CONFIG_DEFAULTS.retention.hours),
  bytes: whole(128 * MIB, Number.MAX_SAFE_INTEGER).optional(),
  awayBytes: whole(0, Number.MAX_SAFE_INTEGER).default(CONFIG_DEFAULTS.retention.awayBytes),
})

const transactions = part({
  checkAfterMs: whole(1, 3_600_000).default(CONFIG_DEFAULTS.transactions.checkAfterMs),
  checkIntervalMs: whole(100, 24 * 3_600_000).default(CONFIG_DEFAULTS.transactions.checkIntervalMs),
  checksMax: whole(1, 1_000_000).default(CONFIG_DEFAULTS.transactions.checksMax),
})

const raft = part({
  tickMs: whole(5, 10_000).default(CONFIG_DEFAULTS.raft.tickMs),
  heartbeatTicks: whole(1, 1_000).default(CONFIG_DEFAULTS.raft.heartbeatTicks),
  electionTicksMin: whole(2, 10_000).default(CONFIG_DEFAULTS.raft.electionTicksMin),
  electionTicksMax: whole(3, 10_000).default(CONFIG_DEFAULTS.raft.electionTicksMax),
  priorities: z
    .record(z.string().regex(/^[1-9]\d{0,4}$/), whole(0, 1_000), {
      error: 'priorities by the ids of members',
    })
    .default(CONFIG_DEFAULTS.raft.priorities),
})
  .refine((times) => times.electionTicksMin > times.heartbeatTicks, {
    path: ['electionTicksMin'],
    error: 'more than raft.heartbeatTicks',
  })
  .refine((times) => times.electionTicksMax > times.electionTicksMin, {
    path: ['electionTicksMax'],
    error: 'more than raft.electionTicksMin',
  })

const brokerSchema = part({
  cluster: name.default(CONFIG_DEFAULTS.cluster),
  group: name.default(CONFIG_DEFAULTS.group),
  id: whole(1, 65_535),
  members: z
    .array(member, { error: 'a list of members with id, client and peer' })
    .min(1, { error: 'at least one member with id, client and peer' }),
  listen: part({
    client: endpoint.optional(),
    peer: endpoint.optional(),
    metrics: endpoint.optional(),
  }).default({}),
  data: path,
  nameServers: z.array(endpoint, { error: 'a list of addresses as host:port' }).default([]),
  bootstrap: name.optional(),
  join: name.optional(),
  tls: part({ cert: path, key: path }).optional(),
  flushDiskType: z.literal('SYNC_FLUSH', { error: ALWAYS_SYNC }).optional(),
  brokerRole: z.literal('SYNC_MASTER', { error: ALWAYS_SYNC }).optional(),
  topics: part({ autoCreate: flag.default(CONFIG_DEFAULTS.topics.autoCreate) }).prefault({}),
  groups: part({ autoCreate: flag.default(CONFIG_DEFAULTS.groups.autoCreate) }).prefault({}),
  messages: part({
    delayMsMax: whole(0, DELAY_MS_MAX).default(CONFIG_DEFAULTS.messages.delayMsMax),
  }).prefault({}),
  log: log.prefault({}),
  retention: retention.prefault({}),
  transactions: transactions.prefault({}),
  raft: raft.prefault({}),
  logLevel: logLevel.default(CONFIG_DEFAULTS.logLevel),
  logFile: path.optional(),
}).superRefine((config, context) => {
  const fault = (at: (string | number)[], expected: string): void => {
    context.addIssue({ code: 'custom', path: at, message: expected })
  }
  if (config.join !== undefined && config.bootstrap !== undefined) {
    fault(['join'], 'nothing beside "bootstrap": a member founds a cluster or joins one')
  }
  const ids = config.members.map((one) => one.id)
  const endpoints = config.members.flatMap((one) => [one.client, one.peer])
  if (ids.length > 0 && !ids.includes(config.id))
    fault(['id'], `one of the ids under members (${ids.join(', ')})`)
  for (const [at, one] of config.members.entries()) {
    if (ids.indexOf(one.id) !== at) fault(['members', at, 'id'], 'an id that no other member has')
    for (const [key, own] of [
      ['client', 2 * at],
      ['peer', 2 * at + 1],
    ] as const) {
      if (endpoints.indexOf(one[key]) !== own)
        fault(['members', at, key], 'an address that stands nowhere else')
    }
  }
})

const namesrvSchema = part({
  listen: endpoint.default(`127.0.0.1:${CONFIG_DEFAULTS.namesrvPort}`),
  logLevel: logLevel.default(CONFIG_DEFAULTS.logLevel),
  logFile: path.optional(),
})

/** Reads a member's file. Throws `BrokerError` CONFIG_INVALID, one line for each fault. */
export function loadBrokerConfig(file: string): BrokerConfig {
  return parseBrokerConfig(read(file), file)
}

/** Reads a name server's file. Throws `BrokerError` CONFIG_INVALID, one line for each fault. */
export function loadNamesrvConfig(file: string): NamesrvConfig {
  return parseNamesrvConfig(read(file), file)
}

/** The same from the text of a file; `file` is its path, for messages and relative paths. */
export function parseBrokerConfig(text: string, file: string): BrokerConfig {
  const {
    data,
    listen,
    flushDiskType: _flush,
    brokerRole: _role,
    ...found
  } = checked(brokerSchema, text, file)
  const own = found.members.find((one) => one.id === found.id)
  const base = dirname(resolve(file))
  return {
    ...found,
    listen: {
      client: listen.client ?? own?.client ?? '',
      peer: listen.peer ?? own?.peer ?? '',
      metrics: listen.metrics,
    },
    dataFolder: from(base, data),
    bootstrap: found.bootstrap,
    join: found.join,
    retention: { ...found.retention, bytes: found.retention.bytes },
    tls: found.tls && { cert: from(base, found.tls.cert), key: from(base, found.tls.key) },
    logFile: found.logFile === undefined ? undefined : from(base, found.logFile),
  }
}

/** The same from the text of a file; `file` is its path, for messages and relative paths. */
export function parseNamesrvConfig(text: string, file: string): NamesrvConfig {
  const { listen, logLevel: level, logFile } = checked(namesrvSchema, text, file)
  const base = dirname(resolve(file))
  return { listen, logLevel: level, logFile: logFile === undefined ? undefined : from(base, logFile) }
}

/** The effective configuration as YAML that `loadBrokerConfig` reads again. */
export function brokerConfigText(config: BrokerConfig): string {
  const { dataFolder, ...rest } = config
  return stringify({ ...rest, data: dataFolder }, { lineWidth: 0 })
}

/** The effective configuration as YAML that `loadNamesrvConfig` reads again. */
export function namesrvConfigText(config: NamesrvConfig): string {
  return stringify(config, { lineWidth: 0 })
}

function from(base: string, target: string): string {
  return isAbsolute(target) ? target : resolve(base, target)
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new BrokerError('CONFIG_INVALID', `the configuration ${file} cannot be read: ${messageOf(cause)}`, {
      cause,
    })
  }
}

function checked<Schema extends z.ZodType>(schema: Schema, text: string, file: string): z.output<Schema> {
  const document = parseDocument(text, { prettyErrors: true })
  const [error] = document.errors
  if (error !== undefined) {
    throw new BrokerError('CONFIG_INVALID', `${file} is not YAML: ${error.message.split('\n')[0] ?? ''}`)
  }
  const input: unknown = document.toJS() ?? {}
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const faults = result.error.issues.flatMap((issue) => faultText(issue, input, schema))
  throw new BrokerError('CONFIG_INVALID', faults.map((fault) => `${file}: ${fault}`).join('\n'))
}
