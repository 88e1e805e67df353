-- :[RANGE]Homebody explain, :[RANGE]Homebody refactor [INSTRUCTION]

local rpc = require("homebody.rpc")

local M = { streams = {} } -- what takes streamed text, by token

local function selected(opts)
  local first = opts.range > 0 and opts.line1 or vim.api.nvim_win_get_cursor(0)[1]
  local last = opts.range > 0 and opts.line2 or first
  return { start = { line = first - 1, character = 0 }, ["end"] = { line = last, character = 0 } }
end

-- Explains the range, or the whole file, into a window of its own; closing it ends the answer.
function M.explain(client, opts)
  local token = ("homebody-%d"):format(vim.uv.hrtime())
  local argument = { textDocument = vim.lsp.util.make_text_document_params(), token = token }
  argument.range = opts.range > 0 and selected(opts) or nil
  local text, buf = "", vim.api.nvim_create_buf(false, true)
  local function show(all)
    text = all
    if vim.api.nvim_buf_is_valid(buf) then
      vim.api.nvim_buf_set_lines(buf, 0, -1, false, vim.split(text, "\n", { plain = true }))
    end
  end
  M.streams[token] = function(piece) show(text .. piece) end
  local _, id = rpc.execute(client, "homebody.explain", argument, function(result)
    M.streams[token] = nil
    show(result and result.markdown or text)
  end)
  vim.bo[buf].filetype, vim.bo[buf].bufhidden = "markdown", "wipe"
  vim.api.nvim_open_win(buf, true, { split = "below", height = math.floor(vim.o.lines / 3) })
  vim.wo.wrap, vim.wo.linebreak = true, true
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = buf, nowait = true })
  vim.api.nvim_create_autocmd("BufWipeout", {
    buffer = buf,
    callback = function()
      if M.streams[token] then
        M.streams[token] = nil -- nothing is called back for what was cancelled
        rpc.call(client, "cancel_request", id)
      end
    end,
  })
end

-- Rewrites the range, or what is around the cursor: by the words that follow, or by a picked action.
function M.refactor(client, opts, instruction)
  local argument = { textDocument = vim.lsp.util.make_text_document_params(), range = selected(opts) }
  local function report(result)
    if result and result.status ~= "applied" then
      vim.notify("homebody: " .. (result.reason or result.status))
    end
  end
  if instruction ~= "" then
    argument.instruction = instruction
    return rpc.execute(client, "homebody.refactor", argument, report)
  end
  argument.context = { diagnostics = {} }
  rpc.call(client, "request", "textDocument/codeAction", argument, function(_, actions)
    local choice = { prompt = "Homebody", format_item = function(action) return action.title end }
    vim.ui.select(actions or {}, choice, function(action)
      if action then
        local chosen = vim.tbl_extend("force", action.command.arguments[1], { showReason = false })
        rpc.execute(client, action.command.command, chosen, report)
      end
    end)
  end)
end

function M.run(opts)
  local name, rest = opts.args:match("^(%S+)%s*(.*)$")
  local client = rpc.client()
  if name ~= "explain" and name ~= "refactor" then
    vim.notify("homebody: say explain or refactor", vim.log.levels.WARN)
  elseif not client then
    vim.notify("homebody: not running for this file", vim.log.levels.WARN)
  else
    M[name](client, opts, rest)
  end
end

return M
