// Orders of a shop.
import fs, { readFile as read } from "node:fs";
import * as path from "node:path";
import "./polyfill.js";
const { Stock, reserve: reserveStock } = require("./stock");

export const MAX_LINES = 100;

/**
 * One order of one customer.
 */
export class Order extends Base {
  #secret = 1;
  static currency = "EUR";

  constructor(customer, lines) {
    super();
    this.customer = customer;
    this.lines = lines;
  }

  get total() {
    return this.lines.reduce((sum, line) => sum + line.price * line.count, 0);
  }

  async reserve(stock, { retries = 3 } = {}) {
    for (let attempt = 0; attempt < retries; attempt++) {
      try {
        await reserveStock(stock, this.lines);
        return true;
      } catch (error) {
        console.log(`attempt ${attempt}: ${error.message}`);
      }
    }
    return false;
  }
}

export default function load(file) {
  const parse = (row) => {
    return new Order(row.customer, row.lines);
  };
  return read(path.resolve(file), "utf8").split("\n").map(parse);
}

export const double = (x) => x * 2;

function* walk(tree) {
  yield tree;
}

const api = {
  list: function () {
    return [];
  },
  show(id) {
    return id;
  },
};

module.exports = { load, double, walk, api };
