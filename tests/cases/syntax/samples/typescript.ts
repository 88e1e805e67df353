import type { Stock } from "./stock";
import { readFile, type Options as ReadOptions } from "fs/promises";
import legacy = require("legacy");

export type Cents = number;

export interface Line {
  name: string;
  price: Cents;
  total(count: number): Cents;
}

export enum State {
  Open = "open",
  Paid = "paid",
}

namespace Money {
  export function format(value: Cents): string {
    return (value / 100).toFixed(2);
  }
}

@sealed
export abstract class Order<T extends Line = Line> implements Iterable<T> {
  private readonly lines: T[] = [];

  constructor(public readonly customer: string) {}

  abstract reserve(stock: Stock): Promise<boolean>;

  /** Sum of all lines. */
  get total(): Cents {
    return this.lines.reduce((sum, line) => sum + line.price, 0);
  }

  public async load(
    path: string,
    options: ReadOptions = {},
  ): Promise<void> {
    const text = await readFile(path, options);
    this.lines.push(...JSON.parse(text.toString()));
  }

  *[Symbol.iterator](): Iterator<T> {
    yield* this.lines;
  }
}

export const isPaid = (state: State): state is State.Paid => state === State.Paid;

declare function log(message: string): void;

export default Money;
