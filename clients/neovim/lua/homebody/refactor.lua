-- Refactorings: an action by name or from a list, or an instruction; the result is a proposal.

local preview = require("homebody.preview")
local rpc = require("homebody.rpc")
local server = require("homebody.server")

local M = {}
local cancel -- what cancels the refactoring that runs

local function run(buf, command, argument, title)
  local client = server.need(buf)
  if not client then
    return
  end
  M.stop()
  rpc.say(title .. " …")
  cancel = rpc.execute(client, command, argument, function(result, err)
    cancel = nil
    preview.take(buf, result or { status = err and "refused" or "cancelled", reason = err }, title)
  end, function(value)
    if value.kind == "report" and value.message then
      rpc.say(("%s: %s"):format(title, value.message))
    end
  end)
end

-- Stops the refactoring that runs; says whether there was one.
function M.stop()
  local running = cancel
  if running then
    running()
  end
  return running ~= nil
end

-- Follows an instruction in the lines of a range.
function M.instruct(buf, range, instruction)
  local argument = { textDocument = rpc.document(buf), range = range, instruction = instruction, apply = false }
  run(buf, "homebody.refactor", argument, instruction)
end

function M.refine(buf, id, instruction)
  run(buf, "homebody.refine", { edit = id, instruction = instruction, apply = false }, instruction)
end

local function actions(buf, range, done)
  local client = server.need(buf)
  if not client then
    return
  end
  local context = { diagnostics = M.diagnostics(buf, range), triggerKind = 1 }
  local params = { textDocument = rpc.document(buf), range = range, context = context }
  rpc.call(client, "request", "textDocument/codeAction", params, function(err, found)
    local usable = vim.tbl_filter(function(one)
      return not one.disabled and one.command and one.command.command == "homebody.refactor"
    end, found or {})
    if err then
      rpc.say(err.message, vim.log.levels.WARN)
    elseif #usable == 0 then
      rpc.say("there is nothing to refactor here: put the cursor into a function, or select code")
    else
      done(usable)
    end
  end, buf)
end

-- Problems in a range as LSP has them, for the action that fixes them.
function M.diagnostics(buf, range)
  local found = {}
  for _, one in ipairs(vim.diagnostic.get(buf)) do
    if one.lnum >= range.start.line and one.lnum <= range["end"].line then
      local at = { line = one.lnum, character = one.col }
      table.insert(found, {
        range = { start = at, ["end"] = { line = one.end_lnum or one.lnum, character = one.end_col or one.col } },
        message = one.message,
        severity = one.severity,
        source = one.source,
      })
    end
  end
  return found
end

local function start(buf, action)
  local argument = vim.tbl_extend("force", action.command.arguments[1], { apply = false, showReason = false })
  run(buf, "homebody.refactor", argument, action.title)
end

-- Offers what can be done with a range.
function M.pick(buf, range)
  actions(buf, range, function(found)
    local choice = { prompt = "Homebody", format_item = function(action) return action.title end }
    vim.ui.select(found, choice, function(action)
      if action then
        start(buf, action)
      end
    end)
  end)
end

-- Runs an action by its name.
function M.action(buf, range, name)
  actions(buf, range, function(found)
    for _, action in ipairs(found) do
      if action.command.arguments[1].action == name then
        return start(buf, action)
      end
    end
    local names = vim.tbl_map(function(action) return action.command.arguments[1].action end, found)
    rpc.say(("there is no action `%s` here; there are %s"):format(name, table.concat(names, ", ")), vim.log.levels.WARN)
  end)
end

return M
