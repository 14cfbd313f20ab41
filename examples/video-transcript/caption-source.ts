/**
 * Where captions of a video come from: a program that the operator has installed, which writes WebVTT or SubRip to its
 * output. `ffmpeg` takes out a caption track that is in the video; a speech engine such as whisper.cpp, in a script of the
 * operator, listens to it. This example brings neither.
 */
import { spawn } from 'node:child_process';
import { LongshoreError } from '@longshore/job';

/** Gives the captions of a video file as text. */
export type CaptionSource = (file: string, options: { readonly signal: AbortSignal }) => Promise<string>;

/** The caption track of a file, by ffmpeg. */
export const FFMPEG_CAPTIONS: readonly string[] = [
  'ffmpeg',
  '-nostdin',
  '-v',
  'error',
  '-i',
  '{file}',
  '-map',
  '0:s:0',
  '-f',
  'webvtt',
  '-',
];

const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const MAX_ERROR_CHARACTERS = 2_000;

/** Captions by a command; `{file}` stands for the video's path. No shell sees it. */
export function captionsByCommand(command: readonly string[]): CaptionSource {
  const [program = '', ...args] = command;
  return (file, { signal }) =>
    new Promise((resolve, reject) => {
      const given = args.map((arg) => arg.replaceAll('{file}', file));
      // SIGKILL: who decodes hostile files may be deaf to anything less.
      const child = spawn(program, given, {
        stdio: ['ignore', 'pipe', 'pipe'],
        signal,
        killSignal: 'SIGKILL',
      });
      const output: Buffer[] = [];
      let bytes = 0;
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= MAX_OUTPUT_BYTES) output.push(chunk);
        else child.kill('SIGKILL');
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-MAX_ERROR_CHARACTERS);
      });
      child.once('error', (cause) => reject(signal.aborted ? signal.reason : unavailable(program, cause)));
      child.once('close', (code) => {
        if (bytes > MAX_OUTPUT_BYTES) reject(failed(program, `it wrote more than ${MAX_OUTPUT_BYTES} bytes`));
        else if (code !== 0) reject(failed(program, said.trim() || `it ended with ${code}`));
        else resolve(Buffer.concat(output).toString('utf8'));
      });
    });
}

/** The program is not there: no video's fault, so no job loses an attempt over it. */
function unavailable(program: string, cause: Error): LongshoreError {
  const message = `Cannot run "${program}" for captions: ${cause.message}; install it, or name another program`;
  return new LongshoreError('dependency_down', message, { cause, retryable: true });
}

function failed(program: string, reason: string): LongshoreError {
  return new LongshoreError('handler_failed', `"${program}" gave no captions: ${reason}`, {
    retryable: true,
  });
}
