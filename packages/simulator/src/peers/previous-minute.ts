/** Holds a figure of the fleet back for one step, so that it is as old as the CloudWatch point of the queue beside it. */

/** Takes this minute's figure and gives the one of the minute before; undefined at first. */
export function previousMinute<Value>(): (value: Value) => Value | undefined {
  let held: Value | undefined;
  return (value) => {
    const before = held;
    held = value;
    return before;
  };
}
