-- Explanations and conversations: they stream into a window, and the user can ask further questions there.

local diagnostics = require("homebody.diagnostics")
local messages = require("homebody.messages")
local preview = require("homebody.preview")
local rpc = require("homebody.rpc")
local server = require("homebody.server")
local window = require("homebody.window")

local M = {}
local talk -- the conversation in view: window, buffer and range of its code, server, id, cancel function
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

-- The pictures among the sources, as lines below the question: they have no lines of their own.
local function pictures(sources)
  local lines = ""
  for _, one in ipairs(sources) do
    if vim.deep_equal(one.range.start, one.range["end"]) then
      lines = ("%s> %s: %s, %d tokens\n\n"):format(lines, vim.fs.basename(one.uri), one.why, one.tokens)
    end
  end
  return lines
end

-- Whether a buffer is a file, so that it is known which rules apply to its text.
local function is_file(buf)
  return vim.api.nvim_buf_is_valid(buf) and vim.bo[buf].buftype == "" and vim.api.nvim_buf_get_name(buf) ~= ""
end

-- Streams the answer of a command below `heading`; `done` gets its result, or nil.
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
      self.id, self.has_answer = result.conversationId or self.id, true
    end
    local failure = (text == "" and "" or "\n\n") .. (err and "> " .. err or "(stopped)")
    window.write(view, before .. text .. (result and unread(result) or failure))
    if result then
      local function owned(block) return vim.tbl_extend("error", block, { conversationId = result.conversationId }) end
      window.mark(view, before, result.links or {}, "HomebodyLink")
      window.mark(view, before, vim.tbl_map(owned, result.blocks or {}))
    end
    done(result)
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
local function ask_again() messages.input("Ask: ", ask) end

-- Shows what the code block under the cursor would change in the file, as a proposal.
local function apply(view)
  local part = window.at(view, "block")
  if not part then
    return messages.say("there is no code block of an answer to a question here")
  end
  local argument =
    { conversationId = part.conversationId, block = part.block, textDocument = rpc.document(talk.buf), apply = false }
  server.execute(
    talk.buf,
    "homebody.apply",
    argument,
    function(result, err)
      preview.take(talk.buf, result or { status = "refused", reason = err }, "Apply code from the answer")
    end
  )
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
  talk = { buf = buf, range = range }
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
    local is_short = result and result.complete == false and #result.leftOut > 0 and not argument.full
    talk.unread = is_short and (more or {}) or nil
    if is_short then
      messages.say("not all of the code was read; `r` in this window reads it")
    end
  end)
end

-- Asks a question; if a conversation is open, it continues there.
function M.ask(buf, question, range)
  local is_selected = range and not vim.deep_equal(range.start, range["end"])
  if not server.need((is_selected or is_file(buf)) and buf or 0) then
    return
  end
  if vim.bo[buf].buftype == "" and not is_file(buf) then
    messages.say("this text has no file name: asked without it")
  end
  if not (talk and window.is_open(talk.view)) then
    open("ask", buf, range)
  elseif is_file(buf) then
    talk.buf, talk.range = buf, range or talk.range
  end
  ask(question)
end

-- The files that a question names: `@shot.png`, and `@app.py:10-20` for lines of one.
local function named_files(question)
  local uris = {}
  for name in question:gmatch("@(%S+)") do
    name = name:gsub("[?!.,;:]+$", "")
    local file, first, last = name:match("^(.*):(%d+)%-?(%d*)$")
    local path = vim.fn.fnamemodify(file or name, ":p")
    if vim.fn.filereadable(path) == 1 then
      local lines = file and ("#L%s-%s"):format(first, last ~= "" and last or first) or ""
      table.insert(uris, vim.uri_from_fname(path) .. lines)
    end
  end
  return uris
end

ask = function(question)
  local buf = is_file(talk.buf) and talk.buf or 0
  local client = server.need(buf)
  if not client then
    return
  elseif talk.server ~= client.id then
    talk.server, talk.id = client.id, nil -- another server does not know the conversation
  end
  local argument = { question = question, conversationId = talk.id, attach = named_files(question) }
  if buf ~= 0 then
    argument.textDocument, argument.range = rpc.document(buf), talk.range
  end
  if not talk.id and talk.has_answer then
    table.insert(argument.attach, { kind = "text", label = "Answers so far", text = talk.view.text })
  end
  local items = attached
  attached = {}
  for _, item in ipairs(items) do
    table.insert(argument.attach, item.id)
    if vim.startswith(item.id, "diagnostics:") then
      argument.diagnostics = diagnostics.by_document()
    end
  end
  stream(client, "homebody.ask", argument, ("## %s"):format(question), function(result)
    if not result then
      attached = vim.list_extend(items, attached)
    end
  end)
end

-- Attaches an item to the next question, or takes it back.
local function toggle(item)
  local others = vim.tbl_filter(function(other) return other.id ~= item.id end, attached)
  attached = #others < #attached and others or vim.list_extend(others, { item })
  local labels = vim.tbl_map(function(each) return each.label end, attached)
  messages.say(
    #labels > 0 and "attached to the next question: " .. table.concat(labels, ", ") or "nothing is attached any more"
  )
end

-- Attaches lines of a file to the next question.
function M.attach_lines(buf, first, last)
  local label = ("%s:%d-%d"):format(vim.fn.fnamemodify(vim.api.nvim_buf_get_name(buf), ":t"), first, last)
  if server.need(buf) then
    toggle({ id = ("%s#L%d-%d"):format(rpc.document(buf).uri, first, last), label = label })
  end
end

-- Lists what can be attached to a question, for a part of a name; the chosen item goes with the next one.
function M.attach(buf, query)
  local argument =
    { query = query, diagnostics = diagnostics.by_document(), textDocument = is_file(buf) and rpc.document(buf) or nil }
  server.execute(0, "homebody.contextItems", argument, function(items, err)
    if not items or #items == 0 then
      return messages.say(err or ("nothing to attach matches `%s`"):format(query))
    end
    local function describe(item)
      local is_empty = item.detail == nil or item.detail == vim.NIL or item.detail == ""
      return is_empty and item.label or ("%s  (%s)"):format(item.label, item.detail)
    end
    vim.ui.select(items, { prompt = "Attach", format_item = describe }, function(item)
      if item then
        toggle(item)
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
