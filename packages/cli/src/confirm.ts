/** Asks a person a yes-or-no question on the terminal. */
import { createInterface } from 'node:readline';
import type { Terminal } from './terminal/terminal.ts';

/** What the person answered; `interrupted` is Ctrl-C. */
export type Answer = 'yes' | 'no' | 'interrupted';

/** Asks. Anything but yes, the end of input too, is no. Only for interactive terminals. */
export function confirm(question: string, terminal: Terminal): Promise<Answer> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise((resolve) => {
    let answer: Answer = 'no';
    lines.once('SIGINT', () => {
      terminal.write('\n');
      answer = 'interrupted';
      lines.close();
    });
    lines.once('close', () => resolve(answer));
    lines.question(`${question} ${terminal.style.dim('[y/N]')} `, (text) => {
      answer = /^\s*y(es)?\s*$/i.test(text) ? 'yes' : 'no';
      lines.close();
    });
  });
}
