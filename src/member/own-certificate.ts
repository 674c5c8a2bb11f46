/** The certificate that a member serves its clients with. */
import { join } from 'node:path'
import type { BrokerConfig } from '../base/config.ts'
import type { Clock, Logger } from '../base/ports.ts'
import { keptCertificate, loadCertificate, type ServerCertificate } from '../rpc/certificate.ts'
import { addressOf } from './peer-link.ts'

/** The configured certificate, or one that is made at the first start and kept in the data folder. */
export async function ownCertificate(
  { tls, dataFolder, members, id }: BrokerConfig,
  clock: Clock,
  logger: Logger,
): Promise<ServerCertificate> {
  if (tls !== undefined) return loadCertificate(tls.key, tls.cert)
  const own = members.filter((member) => member.id === id).map((member) => addressOf(member.client).host)
  const certificate = await keptCertificate(join(dataFolder, 'tls'), own, clock.wall())
  logger.info({ caPath: certificate.caPath }, 'certificate made by this member is used')
  return certificate
}
