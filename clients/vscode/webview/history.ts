/** Earlier questions in the input: the arrow up in an empty input brings back the last one, as in a terminal. */

export class History {
    /** How many questions back; 0 is the text that the user is writing. */
    private back = 0;

    constructor(
        private readonly input: HTMLTextAreaElement,
        private readonly questions: () => string[],
    ) {
        input.addEventListener("input", () => (this.back = 0));
    }

    /** Whether a key is meant for the history. */
    takes(event: KeyboardEvent): boolean {
        const isPlain = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey;
        const step = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
        if (step === 0 || !isPlain || (this.back === 0 && this.input.value !== "")) {
            return false;
        }
        const questions = this.questions();
        const back = Math.min(this.back + step, questions.length);
        if (back < 0) {
            return false;
        }
        this.back = back;
        this.input.value = back === 0 ? "" : (questions.at(-back) ?? "");
        event.preventDefault();
        return true;
    }
}
