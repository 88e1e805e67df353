-- Explanations and conversations: they stream into a window, and can be asked on.

local preview = require("homebody.preview")
local rpc = require("homebody.rpc")
local server = require("homebody.server")
local window = require("homebody.window")

local M = {}
local talk -- the conversation in view: its window, code, server's id, blocks, and what cancels the answer

local ask -- below

local function reading(value)
  local read = value.reading
  local left = type(read.secondsLeft) == "number" and (", %d s left"):format(math.ceil(read.secondsLeft)) or ""
  return ("reading, %d of %d tokens%s"):format(read.tokens, read.of, left)
end

local function usage(result)
  local words = ("%d tokens read, %d written, %d of context"):format(
    result.usage.promptTokens,
    result.usage.outputTokens,
    result.usage.contextLength
  )
  return result.complete == false and words .. "; the answer was cut by its limit" or words
end

-- Streams the answer of a command below `heading`.
local function stream(client, command, argument, heading)
  local self = talk
  local view = self.view
  local before = (view.text == "" and "" or view.text .. "\n\n") .. heading .. "\n\n"
  local text = ""
  window.write(view, before)
  if self.cancel then
    self.cancel()
  end
  self.cancel = rpc.execute(client, command, argument, function(result, err)
    self.cancel = nil
    if result then
      text = result.markdown
      self.id = result.conversationId or self.id
      for _, block in ipairs(result.blocks or {}) do
        self.blocks[vim.trim(block.text)] = block.block
      end
    end
    window.write(view, before .. text .. (err and ("\n\n> " .. err) or (not result and "\n\n(stopped)" or "")))
    window.state(view, result and usage(result) or (err and "failed" or "stopped"))
    rpc.emit("HomebodyAnswer", { text = text, error = err })
  end, function(value)
    if value.text and value.text ~= "" then
      text = text .. value.text
      window.write(view, before .. text)
      window.state(view, "writing")
    elseif value.reading then
      window.state(view, reading(value))
    end
  end)
end

-- Asks on about the same code, from inside the window.
local function ask_on()
  vim.ui.input({ prompt = "Ask: " }, function(question)
    if question and vim.trim(question) ~= "" then
      ask(question)
    end
  end)
end

-- Puts the code block under the cursor into the file, as a proposal.
local function apply(view)
  local text, _ = window.block_at(view, vim.api.nvim_win_get_cursor(0)[1])
  local block = text and talk.blocks[vim.trim(text)]
  local client = server.need(talk.buf)
  if not client then
    return
  elseif not block then
    return rpc.say(text and "only code of answers to questions can be applied" or "there is no code block here")
  end
  local argument = { conversationId = talk.id, block = block, textDocument = rpc.document(talk.buf), apply = false }
  rpc.execute(client, "homebody.apply", argument, function(result, err)
    preview.take(talk.buf, result or { status = "refused", reason = err }, "Apply code from the answer")
  end)
end

local KEYS = { i = ask_on, ga = apply, ["<C-c>"] = function() M.stop() end }

local function open(name, buf, range)
  if talk and window.is_open(talk.view) then
    window.close(talk.view)
  end
  talk = { buf = buf, range = range, blocks = {} }
  local own = talk
  talk.view = window.open(name, KEYS, function()
    if own.cancel then
      own.cancel()
    end
  end)
end

-- Explains lines, from 1, of a buffer; without them the function around the cursor.
function M.explain(buf, range)
  local client = server.need(buf)
  if not client then
    return
  end
  open("explain", buf, range)
  local name = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buf), ":t")
  local argument = { textDocument = rpc.document(buf), range = range }
  stream(client, "homebody.explain", argument, ("# %s"):format(name ~= "" and name or "Explanation"))
end

-- Asks a question; in an open conversation it goes on there.
function M.ask(buf, question, range)
  local client = server.need(buf)
  if not client then
    return
  end
  local is_own = vim.bo[buf].buftype ~= ""
  if not (talk and window.is_open(talk.view)) then
    open("ask", buf, range)
  elseif not is_own then
    talk.buf, talk.range = buf, range or talk.range
  end
  ask(question)
end

ask = function(question)
  local client = server.need(talk.buf)
  if not client then
    return
  end
  local argument = { question = question, conversationId = talk.id, range = talk.range, attach = {} }
  if vim.api.nvim_buf_is_valid(talk.buf) and vim.bo[talk.buf].buftype == "" then
    argument.textDocument = rpc.document(talk.buf)
  else
    argument.range = nil
  end
  if not talk.id and talk.view.text ~= "" then
    table.insert(argument.attach, { kind = "text", label = "Explanation", text = talk.view.text })
  end
  stream(client, "homebody.ask", argument, ("## %s"):format(question))
end

-- Stops the answer that is being written; says whether there was one.
function M.stop()
  local cancel = talk and talk.cancel
  if cancel then
    cancel()
  end
  return cancel ~= nil
end

return M
