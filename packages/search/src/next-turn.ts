/**
 * Lets the event loop turn. The analysis of a batch takes a second; what else the process does, such as extending leases and
 * answering health checks, wants its turn between two documents.
 */
export async function nextTurn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}
