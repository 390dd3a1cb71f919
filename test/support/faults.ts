import { Readable } from 'node:stream'

export interface Fault {
  readonly error: Error
  /** Only a call whose first argument matches; without it, the next call. */
  readonly on?: RegExp
  /**
   * `before` (the default): in place of the call. `after`: the call is made, and its answer is lost. A number: the body
   * that is the second argument breaks after so many bytes or, where it is none, the one that is the answer.
   */
  readonly when?: 'before' | 'after' | number
}

export interface Pause {
  /** Resolves when the call is there and waits. */
  readonly reached: Promise<unknown>
  /** Lets it go on. */
  go(): void
}

interface Plan {
  readonly method: string
  readonly on: RegExp
  readonly apply: (call: (...args: never[]) => unknown, args: readonly unknown[]) => Promise<unknown>
}

/** Failures that are to happen, each once; `allUsed` fails the test if one did not. */
export class Faults {
  readonly #plans: Plan[] = []

  /** `method` is the name that was given to `faulty`, a dot, and the method: `store.put`. */
  fail (method: string, { error, on = /(?:)/, when = 'before' }: Fault): void {
    this.#plans.push({
      method,
      on,
      async apply (call, args) {
        if (when === 'before') throw error
        if (typeof when === 'number' && !(args[1] instanceof Readable)) {
          return breakAfter(await call(...args as never[]) as Readable, when, error)
        }
        if (when === 'after') await call(...args as never[])
        else await call(...args.with(1, breakAfter(args[1] as Readable, when, error)) as never[])
        throw error
      }
    })
  }

  /** Makes one call wait. */
  pause (method: string, on = /(?:)/): Pause {
    const reached = Promise.withResolvers<undefined>()
    const gone = Promise.withResolvers<undefined>()
    this.#plans.push({
      method,
      on,
      async apply (call, args) {
        reached.resolve(undefined)
        await gone.promise
        return await call(...args as never[])
      }
    })
    return {
      reached: reached.promise,
      go: () => {
        gone.resolve(undefined)
      }
    }
  }

  /** Does something in the middle of things, before one call. */
  meanwhile (method: string, work: () => unknown, on = /(?:)/): void {
    this.#plans.push({
      method,
      on,
      async apply (call, args) {
        await work()
        return await call(...args as never[])
      }
    })
  }

  run (method: string, call: (...args: never[]) => unknown, args: readonly unknown[]): unknown {
    const at = this.#plans.findIndex(plan => plan.method === method && plan.on.test(String(args[0])))
    const [plan] = at === -1 ? [] : this.#plans.splice(at, 1)
    return plan === undefined ? call(...args as never[]) : plan.apply(call, args)
  }

  allUsed (): void {
    if (this.#plans.length > 0) {
      throw new Error(
        `planned, and never called: ${this.#plans.map(({ method, on }) => `${method} ${String(on)}`).join(', ')}`
      )
    }
  }
}

/** `target` itself, but for the calls that `faults` has plans with. */
export function faulty<T extends object> (name: string, target: T, faults: Faults): T {
  return new Proxy(target, {
    get (object, property) {
      const value: unknown = Reflect.get(object, property, object)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) =>
        faults.run(`${name}.${String(property)}`, value.bind(object) as (...args: never[]) => unknown, args)
    }
  })
}

function breakAfter (body: Readable, bytes: number, error: Error): Readable {
  return Readable.from((async function* () {
    let seen = 0
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (seen + chunk.length > bytes) {
        yield chunk.subarray(0, bytes - seen)
        throw error
      }
      seen += chunk.length
      yield chunk
    }
    throw error
  })())
}
