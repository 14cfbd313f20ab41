/** Jobs that wait, first in first out: a ring of numbers, since there may be millions. */

/** A growing ring of waiting jobs. */
export class WaitingJobs {
  #arrivedAt = new Float64Array(1024);
  #jobs = new Int32Array(1024);
  #attempts = new Uint8Array(1024);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** When the oldest waiting job arrived; `NaN` when none waits. */
  get oldestArrivedAt(): number {
    return this.#length === 0 ? NaN : (this.#arrivedAt[this.#head] ?? NaN);
  }

  get headJob(): number {
    return this.#jobs[this.#head] ?? 0;
  }

  /** Starts that the oldest waiting job has had. */
  get headAttempts(): number {
    return this.#attempts[this.#head] ?? 0;
  }

  push(arrivedAt: number, job: number, attempts: number): void {
    if (this.#length === this.#jobs.length) this.#grow();
    const at = (this.#head + this.#length) & (this.#jobs.length - 1);
    this.#arrivedAt[at] = arrivedAt;
    this.#jobs[at] = job;
    this.#attempts[at] = attempts;
    this.#length += 1;
  }

  /** Drops the oldest. */
  shift(): void {
    this.#head = (this.#head + 1) & (this.#jobs.length - 1);
    this.#length -= 1;
  }

  #grow(): void {
    const size = this.#jobs.length;
    const arrivedAt = new Float64Array(size * 2);
    const jobs = new Int32Array(size * 2);
    const attempts = new Uint8Array(size * 2);
    for (let index = 0; index < size; index += 1) {
      const from = (this.#head + index) & (size - 1);
      arrivedAt[index] = this.#arrivedAt[from] ?? 0;
      jobs[index] = this.#jobs[from] ?? 0;
      attempts[index] = this.#attempts[from] ?? 0;
    }
    this.#arrivedAt = arrivedAt;
    this.#jobs = jobs;
    this.#attempts = attempts;
    this.#head = 0;
  }
}
