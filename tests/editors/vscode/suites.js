// Runs the suites of one window, one after the other.
const path = require("node:path");
const { passed } = require("./claims");

exports.run = async function run() {
    for (const suite of passed().suites) {
        await require(path.resolve(__dirname, suite)).run();
    }
};
