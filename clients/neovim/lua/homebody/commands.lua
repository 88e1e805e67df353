-- :[RANGE]Homebody NAME [WORDS]

local config = require("homebody.config")
local rpc = require("homebody.rpc")
local server = require("homebody.server")

local M = {}

-- The range that a command is about: its lines, or the cursor.
local function place(opts)
  if opts.range > 0 then
    return rpc.lines(opts.line1, opts.line2)
  end
  local here = rpc.here().position
  return { start = here, ["end"] = here }
end

local function ask(opts, words)
  local buf, range = vim.api.nvim_get_current_buf(), place(opts)
  if words ~= "" then
    return require("homebody.talk").ask(buf, words, range)
  end
  vim.ui.input({ prompt = "Ask: " }, function(question)
    if question and vim.trim(question) ~= "" then
      require("homebody.talk").ask(buf, question, range)
    end
  end)
end

local function refactor(opts, words)
  local buf, run = vim.api.nvim_get_current_buf(), require("homebody.refactor")
  if words == "" then
    run.pick(buf, place(opts))
  else
    run.instruct(buf, place(opts), words)
  end
end

-- Turns suggestions on or off: everywhere, in this buffer, or for its filetype.
local function toggle(_, where)
  local buf = vim.api.nvim_get_current_buf()
  local next = not config.is_auto(buf)
  if where == "buffer" then
    vim.b[buf].homebody_auto = next
  elseif where == "filetype" then
    local auto = type(config.options.auto) == "table" and config.options.auto or {}
    config.options.auto = vim.tbl_extend("force", auto, { [vim.bo[buf].filetype] = next })
  else
    vim.b[buf].homebody_auto = nil
    next = vim.g.homebody_auto == false
    vim.g.homebody_auto = next
  end
  local what = where == "buffer" and " in this buffer" or where == "filetype" and " in " .. vim.bo[buf].filetype or ""
  rpc.say(("suggestions%s are %s"):format(what, next and "on" or "off"))
  if not next then
    require("homebody.ghost").clear()
  end
end

local function status()
  rpc.say(require("homebody").status())
end

-- Shows the text that was sent to the model last, and the files and lines it was made of.
local function prompt()
  local buf = vim.api.nvim_get_current_buf()
  local client = server.need(buf)
  if not client then
    return
  end
  rpc.execute(client, "homebody.showPrompt", { textDocument = rpc.document(buf) }, function(found, err)
    if not found then
      return rpc.say(err or "nothing has been sent to a model for this file yet")
    end
    local lines = { ("Sent to %s: %d tokens, from"):format(found.model, found.promptTokens) }
    local function add(parts, form)
      for _, one in ipairs(parts) do
        local path = vim.fn.fnamemodify(vim.uri_to_fname(one.uri), ":~:.")
        table.insert(lines, form:format(path, one.range.start.line + 1, one.range["end"].line, one.why, one.tokens or 0))
      end
    end
    add(found.sources, "- %s, lines %d to %d (%s, %d tokens)")
    if #found.leftOut > 0 then
      table.insert(lines, "Left out:")
      add(found.leftOut, "- %s, lines %d to %d: %s")
    end
    vim.list_extend(lines, { "", ("─"):rep(60) })
    vim.list_extend(lines, vim.split(found.text, "\n", { plain = true }))
    vim.cmd.new()
    vim.api.nvim_buf_set_lines(0, 0, -1, false, lines)
    vim.bo.buftype, vim.bo.bufhidden, vim.bo.modifiable = "nofile", "wipe", false
    vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = true, nowait = true })
  end)
end

-- Stops the answer or the refactoring that is running.
local function stop()
  local talk, run = require("homebody.talk"), require("homebody.refactor")
  if not (talk.stop() or run.stop()) then
    rpc.say("nothing is running")
  end
end

local function doctor()
  vim.cmd.new()
  local command = { config.options.cmd[1], "doctor" }
  if vim.fn.has("nvim-0.11") == 1 then
    vim.fn.jobstart(command, { term = true })
  else
    vim.fn.termopen(command)
  end
end

local COMMANDS = {
  explain = function(opts) require("homebody.talk").explain(vim.api.nvim_get_current_buf(), place(opts)) end,
  ask = ask,
  attach = function(_, query) require("homebody.talk").attach(vim.api.nvim_get_current_buf(), query) end,
  refactor = refactor,
  action = function(opts, name)
    require("homebody.refactor").action(vim.api.nvim_get_current_buf(), place(opts), name)
  end,
  accept = function() require("homebody.preview").accept() end,
  discard = function() require("homebody.preview").discard() end,
  refine = function() require("homebody.preview").refine() end,
  stop = stop,
  toggle = toggle,
  status = status,
  prompt = prompt,
  log = function() vim.cmd.tabedit(vim.fn.fnameescape(require("vim.lsp.log").get_filename())) end,
  doctor = doctor,
  restart = function() server.restart() end,
}

function M.run(opts)
  local name, words = opts.args:match("^(%S*)%s*(.*)$")
  local act = COMMANDS[name]
  if not act then
    local names = vim.tbl_keys(COMMANDS)
    table.sort(names)
    local what = name == "" and "a command is missing" or ("there is no command `%s`"):format(name)
    return rpc.say(("%s: %s"):format(what, table.concat(names, ", ")), vim.log.levels.WARN)
  end
  act(opts, vim.trim(words))
end

local WORDS = {
  toggle = { "buffer", "filetype" },
  action = { "docstring", "types", "simplify", "early-returns" },
}

function M.complete(lead, line)
  local name = line:match("Homebody%s+(%S+)%s")
  local words = name and (WORDS[name] or {}) or vim.tbl_keys(COMMANDS)
  local found = vim.tbl_filter(function(word) return vim.startswith(word, lead) end, words)
  table.sort(found)
  return found
end

return M
