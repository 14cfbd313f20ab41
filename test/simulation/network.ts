/** Calls between a process and a server: latency, faults, and what of it the caller ever hears. */
import { verdict, type FaultMix, type Port } from './faults.ts';
import type { Random } from './random.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { VirtualTime } from './virtual-time.ts';
import type { Trace } from './trace.ts';

/** A call. */
export interface Call<Answer> {
  readonly process: SimulatedProcess;
  readonly port: Port;
  /** For the trace. */
  readonly name: string;
  /** Runs on the server, and answers once, at once or later. */
  readonly execute: (answer: (value: Answer) => void) => void;
  /** What the caller gets when it hears nothing; throws to reject. */
  readonly unheard: (fault: string) => Answer;
  /** A fault was drawn; called before anything happens, and again with what was executed unheard. */
  readonly onFault: (fault: string, unheard: Answer | undefined) => void;
}

/** Carries calls. */
export interface Network {
  call<Answer>(call: Call<Answer>): Promise<Answer>;
  readonly mix: FaultMix;
  readonly random: Random;
  readonly time: VirtualTime;
}

/** A network with faults. */
export function faultyNetwork(options: {
  readonly time: VirtualTime;
  readonly mix: FaultMix;
  readonly random: Random;
  readonly trace: Trace | undefined;
}): Network {
  const { time, mix, random, trace } = options;
  return {
    mix,
    random,
    time,
    call: <Answer>(call: Call<Answer>) =>
      new Promise<Answer>((resolve, reject) => {
        const { process } = call;
        process.emit(() => {
          const fate = verdict(mix, call.port, time.nowMs(), random);
          if (fate.fault !== undefined) {
            trace?.(`${process.name} ${call.name}: ${fate.fault}`);
            call.onFault(fate.fault, undefined);
          }
          const hear = (value: () => Answer): void => {
            time.after(fate.replyMs, () =>
              process.deliver(() => {
                try {
                  resolve(value());
                } catch (error) {
                  reject(error);
                }
              }),
            );
          };
          time.after(fate.requestMs, () => {
            const unheard = (): Answer => call.unheard(fate.fault ?? 'fault');
            if (!fate.isExecuted) return hear(unheard);
            call.execute((value) => {
              if (fate.fault !== undefined) call.onFault(fate.fault, value);
              hear(fate.isAnswered ? () => value : unheard);
            });
          });
        });
      }),
  };
}
