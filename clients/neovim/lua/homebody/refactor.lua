-- Refactorings: an action by name or from a list, or an instruction; the result is a proposal.

local diagnostics = require("homebody.diagnostics")
local messages = require("homebody.messages")
local preview = require("homebody.preview")
local rpc = require("homebody.rpc")
local server = require("homebody.server")

local M = {}
local COMPLETION_MS = 1000 -- how long the completion of a command waits for the server
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

-- Requests the actions for a range: `request` is the client's function for it, `...` its last arguments.
local function request_actions(client, request, buf, range, ...)
  local context = { diagnostics = diagnostics.within(buf, range), triggerKind = 1 }
  local params = { textDocument = rpc.document(buf), range = range, context = context }
  return rpc.call(client, request, "textDocument/codeAction", params, ...)
end

local function usable(found)
  return vim.tbl_filter(
    function(action) return not action.disabled and action.command and action.command.command == "homebody.refactor" end,
    found or {}
  )
end

local function name_of(action) return action.command.arguments[1].action end

local function actions(buf, range, done)
  local client = server.need(buf)
  if not client then
    return
  end
  request_actions(client, "request", buf, range, function(err, found)
    if err then
      return messages.say(err.message, vim.log.levels.WARN)
    end
    done(usable(found))
  end, buf)
end

-- The names of the actions for a range, for the completion of a command.
function M.names(buf, range)
  local client = rpc.client(buf)
  local answer = client and request_actions(client, "request_sync", buf, range, COMPLETION_MS, buf)
  return vim.tbl_map(name_of, usable(answer and answer.result))
end

-- Runs the command of a code action, but shows its result as a proposal.
function M.start(buf, action)
  local argument = vim.tbl_extend("force", action.command.arguments[1], { apply = false, showReason = false })
  run(buf, "homebody.refactor", argument, action.title)
end

-- Lists the actions for a range, and runs the one that is chosen.
function M.pick(buf, range)
  actions(buf, range, function(found)
    if #found == 0 then
      return messages.say("there is nothing to refactor here: put the cursor into a function, or select code")
    end
    local choice = { prompt = "Homebody", format_item = function(action) return action.title end }
    vim.ui.select(found, choice, function(action)
      if action then
        M.start(buf, action)
      end
    end)
  end)
end

-- Runs an action by its name, also one that is not listed, since it needs a larger model: the server knows all names.
function M.action(buf, range, name)
  actions(buf, range, function(found)
    for _, action in ipairs(found) do
      if name_of(action) == name then
        return M.start(buf, action)
      end
    end
    local argument = { textDocument = rpc.document(buf), range = range, action = name }
    M.start(buf, { title = name, command = { arguments = { argument } } })
  end)
end

return M
