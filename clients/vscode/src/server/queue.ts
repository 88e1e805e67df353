/** Does one thing after the other, such as stopping and starting a server. */

export class Queue {
    private last: Promise<unknown> = Promise.resolve();

    /** Do `work` after everything that was added before, even if some of that failed. */
    add<Result>(work: () => Promise<Result>): Promise<Result> {
        const result = this.last.then(work);
        this.last = result.catch(() => undefined);
        return result;
    }
}
