-- Explanations and conversations: they stream into a window, and the user can ask further questions there.

local diagnostics = require("homebody.diagnostics")
local messages = require("homebody.messages")
local preview = require("homebody.preview")
local rpc = require("homebody.rpc")
local server = require("homebody.server")
local window = require("homebody.window")

local M = {}
local talk -- the conversation in view: window, buffer and range of its code, server, id, code blocks, cancel function
local attached = {} -- context items for the next question

local ask -- below

local function reading(value)
  local read = value.reading
  local left = type(read.secondsLeft) == "number" and (", %d s left"):format(math.ceil(read.secondsLeft)) or ""
  return ("reading, %d of %d tokens%s"):format(read.tokens, read.of, left)
end

local function usage(result)
  local used = result.usage
  local words = ("%d + %d of %d tokens"):format(used.promptTokens, used.outputTokens, used.contextLength)
  return result.complete == false and words .. ", not complete" or words
end

-- What the model did not read, as lines below the answer.
local function unread(result)
  local lines = {}
  for _, one in ipairs(result.leftOut or {}) do
    local place = ""
    if vim.startswith(one.uri, "file:") then
      local first, last = one.range.start.line + 1, math.max(one.range["end"].line, one.range.start.line + 1)
      place = ("%s:%d-%d: "):format(vim.fn.fnamemodify(vim.uri_to_fname(one.uri), ":~:."), first, last)
    end
    table.insert(lines, ("> Not read: %s%s"):format(place, one.why))
  end
  return #lines > 0 and "\n\n" .. table.concat(lines, "\n") or ""
end

-- The pictures and sounds among the sources, as lines below the question: they have no lines of their own.
local function pictures(sources)
  local lines = ""
  for _, one in ipairs(sources) do
    if vim.deep_equal(one.range.start, one.range["end"]) then
      lines = ("%s> %s: %s, %d tokens\n\n"):format(lines, vim.fs.basename(one.uri), one.why, one.tokens)
    end
  end
  return lines
end

-- Streams the answer of a command below `heading`; `done` gets its result.
local function stream(client, command, argument, heading, done)
  local self = talk
  local view = self.view
  local before = (view.text == "" and "" or view.text .. "\n\n") .. heading .. "\n\n"
  local text = ""
  window.write(view, before)
  argument.links = "ranges"
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
    local rest = result and unread(result) or (err and "\n\n> " .. err or "\n\n(stopped)")
    window.write(view, before .. text .. rest)
    window.link(view, before, result and result.links or {})
    if result and done then
      done(result)
    end
    window.state(view, result and usage(result) or (err and "failed" or "stopped"))
    rpc.emit("HomebodyAnswer", { text = text, error = err })
  end, function(value)
    if value.text and value.text ~= "" then
      text = text .. value.text
      window.write(view, before .. text)
      window.state(view, "writing")
    elseif value.sources then
      before = before .. pictures(value.sources)
      window.write(view, before)
    elseif value.reading then
      window.state(view, reading(value))
    end
  end)
end

-- Asks a further question about the same code, from inside the window.
local function ask_again()
  messages.input("Ask: ", ask)
end

-- Shows what the code block under the cursor would change in the file, as a proposal.
local function apply(view)
  local text = window.block_at(view, vim.api.nvim_win_get_cursor(0)[1])
  local block = text and talk.blocks[vim.trim(text)]
  if (rpc.client(talk.buf) or {}).id ~= talk.server then
    return messages.say("the server was restarted after this answer: ask again")
  elseif not block then
    return messages.say(text and "only code blocks in answers to questions can be applied" or "there is no code block here")
  end
  local argument = { conversationId = talk.id, block = block, textDocument = rpc.document(talk.buf), apply = false }
  server.execute(talk.buf, "homebody.apply", argument, function(result, err)
    preview.take(talk.buf, result or { status = "refused", reason = err }, "Apply code from the answer")
  end)
end

-- Explains the same code again and reads all of it, where the explanation had left something out.
local function read_all()
  if not talk.unread then
    return messages.say("everything was read")
  end
  M.explain(talk.buf, talk.range, vim.tbl_extend("force", talk.unread, { full = true }))
end

local KEYS = {
  i = ask_again,
  ga = apply,
  r = read_all,
  ["<CR>"] = window.follow,
  ["<C-c>"] = function() M.stop() end,
}

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

-- Explains a range of a buffer; if it is empty, the function around it.
-- `more` has further keys of the argument, as a code action of the server has them.
function M.explain(buf, range, more)
  local client = server.need(buf)
  if not client then
    return
  end
  open("explain", buf, range)
  local name = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buf), ":t")
  local argument = vim.tbl_extend("force", more or {}, { textDocument = rpc.document(buf), range = range })
  argument.show = nil
  stream(client, "homebody.explain", argument, ("# %s"):format(name ~= "" and name or "Explanation"), function(result)
    local is_short = result.complete == false and #result.leftOut > 0 and not argument.full
    talk.unread = is_short and (more or {}) or nil
    if is_short then
      messages.say("not all of the code was read; `r` in this window reads it")
    end
  end)
end

-- Asks a question; if a conversation is open, it continues there.
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
  elseif talk.server ~= client.id then
    talk.server, talk.id, talk.blocks = client.id, nil, {} -- another server does not know the conversation
  end
  local argument = { question = question, conversationId = talk.id, range = talk.range, attach = {} }
  if vim.api.nvim_buf_is_valid(talk.buf) and vim.bo[talk.buf].buftype == "" then
    argument.textDocument = rpc.document(talk.buf)
  else
    argument.range = nil
  end
  if not talk.id and talk.view.text ~= "" then
    table.insert(argument.attach, { kind = "text", label = "Answers so far", text = talk.view.text })
  end
  for _, item in ipairs(attached) do
    table.insert(argument.attach, item.id)
    if vim.startswith(item.id, "diagnostics:") then
      argument.diagnostics = diagnostics.by_document()
    end
  end
  attached = {}
  -- `@shot.png` in the question attaches that file.
  for name in question:gmatch("@(%S+)") do
    local path = vim.fn.fnamemodify(name:gsub("[?!.,;:]+$", ""), ":p")
    if vim.fn.filereadable(path) == 1 then
      table.insert(argument.attach, vim.uri_from_fname(path))
    end
  end
  stream(client, "homebody.ask", argument, ("## %s"):format(question))
end

-- Lists what can be attached to a question, for a part of a name; the chosen item goes with the next one.
function M.attach(buf, query)
  local argument = { query = query, textDocument = rpc.document(buf), diagnostics = diagnostics.by_document() }
  server.execute(buf, "homebody.contextItems", argument, function(items, err)
    if not items or #items == 0 then
      return messages.say(err or ("nothing to attach matches `%s`"):format(query))
    end
    local function describe(item)
      local is_empty = item.detail == nil or item.detail == vim.NIL or item.detail == ""
      return is_empty and item.label or ("%s  (%s)"):format(item.label, item.detail)
    end
    vim.ui.select(items, { prompt = "Attach", format_item = describe }, function(item)
      if item then
        table.insert(attached, item)
        messages.say(("attached to the next question: %s"):format(item.label))
      end
    end)
  end)
end

-- Stops the answer that is being written; returns whether there was one.
function M.stop()
  local cancel = talk and talk.cancel
  if cancel then
    cancel()
  end
  return cancel ~= nil
end

return M
