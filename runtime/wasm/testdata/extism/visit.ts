// The plugin of visit.c in AssemblyScript, with the PDK that the Extism project
// publishes: npm install @extism/as-pdk@1.0.0 assemblyscript.
import { Config, Host, LogLevel, Memory, Var } from '@extism/as-pdk'
import { error_set } from '@extism/as-pdk/lib/env'

export function abort(message: string | null, file: string | null, line: u32, column: u32): void {}

function count(): i32 {
  const old = Var.getString('visits')
  const n = (old === null ? 0 : I32.parseInt(old)) + 1
  Var.set('visits', Uint8Array.wrap(String.UTF8.encode(n.toString())))
  return n
}

export function visit(): i32 {
  const name = Host.inputString()
  if (name.length == 0) {
    Host.log(LogLevel.Warn, 'nobody came')
    error_set(Memory.allocateString('there is nobody to greet').offset)
    return 1
  }
  count()
  const visits = count()
  Host.log(LogLevel.Info, 'a visit')
  const greeting = Config.get('greeting')
  Host.outputString('{"greeting":"' + (greeting === null ? '' : greeting) + '","name":"' + name + '","visits":' + visits.toString() + '}')
  return 0
}
