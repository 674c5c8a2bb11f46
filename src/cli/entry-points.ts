/**
 * Where a command finds the cluster: the addresses it was given, those in DLEDGER_ENDPOINTS, those that the
 * development cluster wrote down, or the ports that it has by default.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CONFIG_DEFAULTS, splitEndpoint } from '../base/config.ts'
import { BrokerError } from '../base/errors.ts'

/** The file in the development cluster's data folder that holds its addresses. */
export const DEV_FILE = 'dev.json'
/** The data folder of the development cluster, in the folder where it is started. */
export const DEV_FOLDER = '.dledger'

/** Addresses to ask, and whether a person named them. */
export interface EntryPoints {
  readonly addresses: readonly string[]
  readonly given: boolean
}

/** Reads a list such as `a:8081,b:8081`; `;` separates too. Throws `BrokerError` BAD_REQUEST. */
export function parseAddresses(text: string): string[] {
  const addresses = text.split(/[,;\s]+/).filter((one) => one !== '')
  for (const address of addresses) {
    if (splitEndpoint(address) === undefined) {
      throw new BrokerError(
        'BAD_REQUEST',
        `"${address}" is no address: give HOST:PORT, for example 127.0.0.1:8081`,
      )
    }
  }
  if (addresses.length === 0) throw new BrokerError('BAD_REQUEST', 'no address was given: give HOST:PORT')
  return addresses
}

/** The addresses to use. `flag` is the value of `--endpoints`; `folder` is where the command runs. */
export function entryPoints(
  flag: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  folder: string,
): EntryPoints {
  const given = flag ?? environment['DLEDGER_ENDPOINTS']
  if (given !== undefined && given !== '') return { addresses: parseAddresses(given), given: true }
  return { addresses: devAddresses(folder) ?? defaultAddresses(), given: false }
}

function defaultAddresses(): string[] {
  return [0, 1, 2].map((n) => `127.0.0.1:${CONFIG_DEFAULTS.clientPort + n}`)
}

function devAddresses(folder: string): string[] | undefined {
  try {
    const written: unknown = JSON.parse(readFileSync(join(folder, DEV_FOLDER, DEV_FILE), 'utf8'))
    const clients: unknown =
      typeof written === 'object' && written !== null && Reflect.get(written, 'clients')
    const valid =
      Array.isArray(clients) && clients.length > 0 && clients.every((one) => splitEndpoint(String(one)))
    return valid ? clients.map(String) : undefined
  } catch {
    // Rule: a missing or unreadable note of the development cluster is the same as none.
    return undefined
  }
}
