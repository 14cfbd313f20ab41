/** Jobs that run, by the time of their end: a binary heap of numbers. */

/** A running job that was taken away. */
export interface TakenJob {
  readonly job: number;
  readonly attempts: number;
  readonly endsAt: number;
  readonly serviceSeconds: number;
}

/** A heap of running jobs; the one that ends first is on top. */
export class RunningJobs {
  #endsAt = new Float64Array(1024);
  #jobs = new Int32Array(1024);
  #tasks = new Int32Array(1024);
  #attempts = new Uint8Array(1024);
  #serviceSeconds = new Float64Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** When the first job ends; `Infinity` when none runs. */
  get firstEndsAt(): number {
    return this.#length === 0 ? Infinity : (this.#endsAt[0] ?? Infinity);
  }

  get firstJob(): number {
    return this.#jobs[0] ?? 0;
  }

  get firstTask(): number {
    return this.#tasks[0] ?? 0;
  }

  get firstAttempts(): number {
    return this.#attempts[0] ?? 0;
  }

  get firstServiceSeconds(): number {
    return this.#serviceSeconds[0] ?? 0;
  }

  push(endsAt: number, job: number, task: number, attempts: number, serviceSeconds: number): void {
    if (this.#length === this.#jobs.length) this.#grow();
    let at = this.#length;
    this.#length += 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#endsAt[parent] ?? 0) <= endsAt) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#place(at, endsAt, job, task, attempts, serviceSeconds);
  }

  /** Drops the first. */
  shift(): void {
    this.#length -= 1;
    const last = this.#length;
    if (last > 0) this.#sink(last);
  }

  /** Puts another job in the place of the first, on the same task: cheaper than `shift` and `push`. */
  replaceFirst(endsAt: number, job: number, attempts: number, serviceSeconds: number): void {
    const task = this.firstTask;
    const at = this.#hole(endsAt, this.#length);
    this.#place(at, endsAt, job, task, attempts, serviceSeconds);
  }

  /** Takes the jobs of one task away. */
  take(task: number): readonly TakenJob[] {
    const taken: TakenJob[] = [];
    const kept: number[] = [];
    for (let at = 0; at < this.#length; at += 1) {
      if (this.#tasks[at] === task) taken.push(this.#at(at));
      else kept.push(at);
    }
    const rest = kept.map((at) => ({ ...this.#at(at), task: this.#tasks[at] ?? 0 }));
    this.#length = 0;
    for (const { endsAt, job, task: of, attempts, serviceSeconds } of rest)
      this.push(endsAt, job, of, attempts, serviceSeconds);
    return taken;
  }

  #at(at: number): TakenJob {
    return {
      job: this.#jobs[at] ?? 0,
      attempts: this.#attempts[at] ?? 0,
      endsAt: this.#endsAt[at] ?? 0,
      serviceSeconds: this.#serviceSeconds[at] ?? 0,
    };
  }

  #sink(from: number): void {
    const endsAt = this.#endsAt[from] ?? 0;
    const at = this.#hole(endsAt, this.#length);
    if (at !== from) this.#move(from, at);
  }

  /** Moves earlier children up from the top and returns where an entry that ends then belongs. */
  #hole(endsAt: number, length: number): number {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) return at;
      if (child + 1 < length && (this.#endsAt[child + 1] ?? 0) < (this.#endsAt[child] ?? 0)) child += 1;
      if ((this.#endsAt[child] ?? 0) >= endsAt) return at;
      this.#move(child, at);
      at = child;
    }
  }

  #move(from: number, to: number): void {
    this.#place(
      to,
      this.#endsAt[from] ?? 0,
      this.#jobs[from] ?? 0,
      this.#tasks[from] ?? 0,
      this.#attempts[from] ?? 0,
      this.#serviceSeconds[from] ?? 0,
    );
  }

  #place(
    at: number,
    endsAt: number,
    job: number,
    task: number,
    attempts: number,
    serviceSeconds: number,
  ): void {
    this.#endsAt[at] = endsAt;
    this.#jobs[at] = job;
    this.#tasks[at] = task;
    this.#attempts[at] = attempts;
    this.#serviceSeconds[at] = serviceSeconds;
  }

  #grow(): void {
    const grown = <Numbers extends { set(from: Numbers): void }>(from: Numbers, to: Numbers): Numbers => {
      to.set(from);
      return to;
    };
    const size = this.#jobs.length * 2;
    this.#endsAt = grown(this.#endsAt, new Float64Array(size));
    this.#jobs = grown(this.#jobs, new Int32Array(size));
    this.#tasks = grown(this.#tasks, new Int32Array(size));
    this.#attempts = grown(this.#attempts, new Uint8Array(size));
    this.#serviceSeconds = grown(this.#serviceSeconds, new Float64Array(size));
  }
}
