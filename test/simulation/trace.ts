/** Takes down what happens, one event a line. Absent where nobody reads it: texts are then not even made. */
export type Trace = (text: string) => void;
