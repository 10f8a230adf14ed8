/** What a task on another thread came to, and how long it had the thread. */
export interface Timed<Result> {
  result: Result;
  milliseconds: number;
}

/** Told of the time that was spent for a gym. */
export type OnSpent = (tenantId: string, milliseconds: number) => void;

/** The task, with its time: what the thread takes to start, and what a task waits for its turn, is no gym's. */
export function timed<Task, Result>(run: (task: Task) => Result): (task: Task) => Timed<Result> {
  return (task) => {
    const startedAt = performance.now();
    const result = run(task);
    return { result, milliseconds: performance.now() - startedAt };
  };
}
