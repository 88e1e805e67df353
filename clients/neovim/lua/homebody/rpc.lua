-- Calls of the language client that work in Neovim 0.10 and 0.11, and the server's commands.

local M = { encoding = "utf-16" } -- the encoding of nearly all servers: 0.10 warns if those of one buffer differ

local has_methods = vim.fn.has("nvim-0.11") == 1
local streams = {} -- by token of $/progress: the function that gets its values
local unanswered = {} -- by the function that ends a command: the id of its client

function M.client(buf)
  return vim.lsp.get_clients({ bufnr = buf or 0, name = "homebody" })[1]
    or vim.lsp.get_clients({ name = "homebody" })[1]
end

-- client:request(…), client:notify(…), client:cancel_request(…)
function M.call(client, method, ...)
  if has_methods then
    return client[method](client, ...)
  end
  return client[method](...)
end

-- Runs a command of the server with its argument; `done` gets the result, or nil and the error message.
-- `on_value` gets each value that arrives before: {text}, {text, reading} or a work-done progress.
-- Returns a function that cancels the command.
function M.execute(client, command, argument, done, on_value)
  local token, work
  if on_value then
    token = ("homebody-%d"):format(vim.uv.hrtime())
    work = token .. "-work"
    streams[token], streams[work] = on_value, on_value
    argument = vim.tbl_extend("force", argument, { token = token })
  end
  local params = { command = command, arguments = { argument }, workDoneToken = work }
  local function finish(...)
    if unanswered[finish] then
      unanswered[finish] = nil
      if token then
        streams[token], streams[work] = nil, nil
      end
      done(...)
    end
  end
  unanswered[finish] = client.id
  local sent, id = M.call(client, "request", "workspace/executeCommand", params, function(err, result)
    if err and err.code == -32800 then
      finish(nil, nil) -- cancelled
    else
      finish(not err and result or nil, err and err.message)
    end
  end)
  if not sent then
    finish(nil, "the server has stopped")
  end
  return function()
    if unanswered[finish] then
      M.call(client, "cancel_request", id)
      finish(nil, nil)
    end
  end
end

-- Ends the commands of a client that has ended: Neovim calls nobody back.
function M.end_commands(id)
  local ends = vim.tbl_filter(function(finish) return unanswered[finish] == id end, vim.tbl_keys(unanswered))
  for _, finish in ipairs(ends) do
    finish(nil, "the server ended before it answered")
  end
end

-- The handler of $/progress: the plugin's, or Neovim's own.
function M.progress(err, params, ...)
  local take = params and streams[params.token]
  if take then
    return take(params.value or {})
  end
  return vim.lsp.handlers["$/progress"](err, params, ...)
end

-- Converts UTF-16 units to bytes.
function M.byte(line, units)
  if has_methods then
    return vim.str_byteindex(line, "utf-16", units, false)
  end
  local ok, index = pcall(vim.str_byteindex, line, units, true)
  return ok and index or #line
end

-- Length of a text in UTF-16 units.
function M.units(text)
  if has_methods then
    return vim.str_utfindex(text, "utf-16")
  end
  return (select(2, vim.str_utfindex(text)))
end

-- The cursor's document and position. Neovim 0.10's own function is off by one after wide characters.
function M.here()
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local before = vim.api.nvim_get_current_line():sub(1, column)
  local document = M.document(vim.api.nvim_get_current_buf())
  return { textDocument = document, position = { line = row - 1, character = M.units(before) } }
end

-- Converts lines, from 1, to an LSP range.
function M.lines(first, last)
  return { start = { line = first - 1, character = 0 }, ["end"] = { line = last, character = 0 } }
end

function M.document(buf) return { uri = vim.uri_from_bufnr(buf) } end

-- Makes LSP's edits in a buffer. Neovim would put an empty line behind text that comes after the last line.
function M.apply(edits, buf)
  local count = vim.api.nvim_buf_line_count(buf)
  for _, edit in ipairs(edits) do
    if edit.range.start.line >= count then
      edit.newText = edit.newText:gsub("\r?\n$", "")
    end
  end
  vim.lsp.util.apply_text_edits(edits, buf, M.encoding)
end

function M.emit(event, data) vim.api.nvim_exec_autocmds("User", { pattern = event, modeline = false, data = data }) end

return M
