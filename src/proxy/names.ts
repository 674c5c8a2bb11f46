/**
 * The rules for names of topics and groups. Source: RocketMQ `Validators`, `TopicValidator`, `MixAll`.
 *
 * Pure.
 */
import { GROUP_NAME_LENGTH_MAX, NAME_CHARACTERS, TOPIC_NAME_LENGTH_MAX } from '../base/limits.ts'
import { Code } from '../rpc/apache-enums.ts'
import { refuse } from './refusal.ts'

/** Names that start so are made by the broker and carry two names. */
const DERIVED_LENGTH_MAX = 255
const SYSTEM_TOPIC_PREFIX = 'rmq_sys_'
const SYSTEM_GROUP_PREFIX = 'CID_RMQ_SYS_'

const SYSTEM_TOPICS: ReadonlySet<string> = new Set([
  'TBW102',
  'SCHEDULE_TOPIC_XXXX',
  'BenchmarkTest',
  'RMQ_SYS_TRANS_HALF_TOPIC',
  'RMQ_SYS_TRACE_TOPIC',
  'RMQ_SYS_TRANS_OP_HALF_TOPIC',
  'TRANS_CHECK_MAX_TIME_TOPIC',
  'SELF_TEST_TOPIC',
  'OFFSET_MOVED_EVENT',
  'CHECKPOINT_TOPIC',
])

/** The name, when a client may use it as a topic. Throws `Refusal` ILLEGAL_TOPIC. */
export function checkTopic(name: string | undefined): string {
  if (name === undefined || name.trim() === '') {
    return refuse(Code.ILLEGAL_TOPIC, 'The specified topic is blank')
  }
  const derived = name.startsWith('%RETRY%') || name.startsWith('%DLQ%')
  const max = derived ? DERIVED_LENGTH_MAX : TOPIC_NAME_LENGTH_MAX
  if (name.length > max) return refuse(Code.ILLEGAL_TOPIC, `a topic name has at most ${max} characters`)
  if (!NAME_CHARACTERS.test(name)) {
    return refuse(Code.ILLEGAL_TOPIC, 'a topic name has only letters, digits and % | _ -')
  }
  if (SYSTEM_TOPICS.has(name) || name.startsWith(SYSTEM_TOPIC_PREFIX)) {
    return refuse(Code.ILLEGAL_TOPIC, `cannot access system topic ${name}`)
  }
  return name
}

/** The name, when a client may use it as a consumer group. Throws `Refusal` ILLEGAL_CONSUMER_GROUP. */
export function checkGroup(name: string | undefined): string {
  if (name === undefined || name.trim() === '') {
    return refuse(Code.ILLEGAL_CONSUMER_GROUP, 'The specified consumer group is blank')
  }
  if (name.length > GROUP_NAME_LENGTH_MAX) {
    return refuse(
      Code.ILLEGAL_CONSUMER_GROUP,
      `a consumer group name has at most ${GROUP_NAME_LENGTH_MAX} characters`,
    )
  }
  if (!NAME_CHARACTERS.test(name)) {
    return refuse(Code.ILLEGAL_CONSUMER_GROUP, 'a consumer group name has only letters, digits and % | _ -')
  }
  if (name.startsWith(SYSTEM_GROUP_PREFIX)) {
    return refuse(Code.ILLEGAL_CONSUMER_GROUP, `cannot access system consumer group ${name}`)
  }
  return name
}
