-- Refactorings: an action by name or from a list, or an instruction; the result is a proposal.

local diagnostics = require("homebody.diagnostics")
local messages = require("homebody.messages")
local preview = require("homebody.preview")
local rpc = require("homebody.rpc")
local server = require("homebody.server")

local M = {}
local cancel -- cancels the refactoring that is running

local function run(buf, command, argument, title)
  M.stop()
  messages.show(title .. " …")
  cancel = server.execute(buf, command, argument, function(result, err)
    cancel = nil
    preview.take(buf, result or { status = err and "refused" or "cancelled", reason = err }, title)
  end, function(value)
    if value.kind == "report" and value.message then
      messages.show(("%s: %s"):format(title, value.message))
    end
  end)
end

-- Stops the refactoring that is running; returns whether there was one.
function M.stop()
  local running = cancel
  if running then
    running()
  end
  return running ~= nil
end

-- Rewrites a range according to an instruction.
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
  local context = { diagnostics = diagnostics.within(buf, range), triggerKind = 1 }
  local params = { textDocument = rpc.document(buf), range = range, context = context }
  rpc.call(client, "request", "textDocument/codeAction", params, function(err, found)
    local usable = vim.tbl_filter(function(one)
      return not one.disabled and one.command and one.command.command == "homebody.refactor"
    end, found or {})
    if err then
      messages.say(err.message, vim.log.levels.WARN)
    elseif #usable == 0 then
      messages.say("there is nothing to refactor here: put the cursor into a function, or select code")
    else
      done(usable)
    end
  end, buf)
end

-- Runs the command of a code action, but shows its result as a proposal.
function M.start(buf, action)
  local argument = vim.tbl_extend("force", action.command.arguments[1], { apply = false, showReason = false })
  run(buf, "homebody.refactor", argument, action.title)
end

-- Lists the actions for a range, and runs the one that is chosen.
function M.pick(buf, range)
  actions(buf, range, function(found)
    local choice = { prompt = "Homebody", format_item = function(action) return action.title end }
    vim.ui.select(found, choice, function(action)
      if action then
        M.start(buf, action)
      end
    end)
  end)
end

-- Runs an action by its name.
function M.action(buf, range, name)
  actions(buf, range, function(found)
    for _, action in ipairs(found) do
      if action.command.arguments[1].action == name then
        return M.start(buf, action)
      end
    end
    local names = vim.tbl_map(function(action) return action.command.arguments[1].action end, found)
    messages.say(("there is no action `%s` here; there are %s"):format(name, table.concat(names, ", ")), vim.log.levels.WARN)
  end)
end

return M
