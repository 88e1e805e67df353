# Homebody's tasks. POSIX sh and GNU make 3.81 or newer are enough; `make help` lists them.
#
# All that is installed goes into .venv, from the hashed locks in requirements/.
# Downloads are kept outside of the checkout: uv's cache, and the user's data folder for the weights.

BIN := .venv/bin
SETUP := sh requirements/setup.sh

.DEFAULT_GOAL := help
.PHONY: help demo test check fuzz lint format docs pictures lock dist vsix offline pythons clean

help: ## list the tasks
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' Makefile | expand -t 16

demo: ## install Homebody and the default weights, then show what it does
	@$(SETUP) run
	@$(BIN)/homebody models install
	@$(BIN)/homebody demo

test: ## install what the tests need, then run every check and test
	@$(SETUP) apt dev node editors
	@$(BIN)/homebody models install
	@$(BIN)/python tests/check.py

check: ## run the checks and the unit tests, for every commit (about a minute)
	@$(SETUP) dev node
	@$(BIN)/python tests/check.py --quick

fuzz: ## send about 100,000 odd messages to a real server and check its answers (ARGS=12 for a tenth)
	@$(SETUP) dev
	@HOMEBODY_FUZZ=$(or $(ARGS),125) $(BIN)/python -m pytest tests/fuzz

lint: ## run every check but no test
	@$(SETUP) dev node
	@$(BIN)/python tests/check.py --lint

format: ## format the code and fix what can be fixed automatically
	@$(SETUP) dev
	@$(BIN)/ruff check --fix --quiet --exit-zero .
	@$(BIN)/ruff format .

docs: ## regenerate the pages that are made from code (a test fails when they are stale)
	@$(SETUP) dev
	@$(BIN)/python packaging/settings.py

pictures: ## take the pictures of the documentation again, in the real editors (look at them before you commit)
	@$(SETUP) apt dev node editors
	@$(BIN)/homebody models install
	@$(BIN)/python packaging/vscode_pictures.py
	@$(BIN)/python packaging/vscode_film.py docs/images/vscode.webp
	@$(BIN)/python packaging/neovim_pictures.py docs/images
	@$(BIN)/python packaging/demo_picture.py docs/demo.svg

lock: ## regenerate requirements/*.txt (ARGS=--upgrade for newer versions)
	@$(SETUP) build
	@sh requirements/lock.sh $(ARGS)

dist: ## build and check what is released: source archive, wheel, VS Code extension, bill of materials (into dist/)
	@$(SETUP) dev dist node
	@$(BIN)/python packaging/dist.py $(ARGS)

vsix: ## build the VS Code extension (into dist/)
	@$(SETUP) vsix node
	@$(BIN)/python packaging/dist.py --vsix

offline: ## make dist/offline: one folder that installs Homebody on a machine without a network
	@$(SETUP) dev node
	@$(BIN)/python packaging/offline.py $(ARGS)

pythons: ## install the wheel on each Python of this machine and run it (ARGS="3.14 /path/to/python")
	@$(SETUP) dev
	@$(BIN)/homebody models install
	@$(BIN)/python packaging/pythons.py $(ARGS)

clean: ## remove what was installed and built in the checkout
	rm -rf .venv build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf clients/vscode/node_modules clients/vscode/out clients/vscode/*.vsix
	find . \( -name .venv -o -name node_modules \) -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
