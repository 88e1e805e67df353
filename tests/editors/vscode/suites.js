// Runs the suites of one window, one after the other.
const { passed } = require("./claims");

exports.run = async function run() {
    for (const suite of passed().suites) {
        await require(`./${suite}`).run();
    }
};
