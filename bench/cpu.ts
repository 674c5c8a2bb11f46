/** What Linux tells of a process and its children: CPU time and resident memory. */
import { readFileSync } from 'node:fs'

/** Linux counts CPU time in ticks of 10 ms (`getconf CLK_TCK` is 100 on every platform that Node runs on). */
const MICROS_PER_TICK = 10_000

/** CPU time of the process and its children since they started, user and system, in microseconds. */
export function cpuMicros(pid: number): number {
  return family(pid).reduce((sum, member) => sum + ownCpuMicros(member), 0)
}

/** Resident memory of the process and its children, in bytes. */
export function residentBytes(pid: number): number {
  return family(pid).reduce((sum, member) => sum + ownResidentBytes(member), 0)
}

function ownCpuMicros(pid: number): number {
  const stat = read(`/proc/${pid}/stat`)
  // The name in parentheses may hold spaces. After it: state is field 3, utime 14, stime 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * MICROS_PER_TICK
}

function ownResidentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024
}

function family(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').map(Number)
  return [pid, ...children.filter((child) => child > 0).flatMap(family)]
}

/** Empty when the process is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
