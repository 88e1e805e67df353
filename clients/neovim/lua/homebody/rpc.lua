-- The language client, the same in Neovim 0.10 and 0.11.

local M = { encoding = "utf-16" } -- what every other server speaks too: 0.10 warns where they differ

local has_methods = vim.fn.has("nvim-0.11") == 1

function M.client(buf)
  return vim.lsp.get_clients({ bufnr = buf or 0, name = "homebody" })[1]
end

-- client:request(…), client:notify(…), client:cancel_request(…)
function M.call(client, method, ...)
  if has_methods then
    return client[method](client, ...)
  end
  return client[method](...)
end

-- Runs a command of the server's with its one object; `done` gets the result, nil after an error.
function M.execute(client, command, argument, done)
  local params = { command = command, arguments = { argument } }
  return M.call(client, "request", "workspace/executeCommand", params, function(err, result)
    if err and err.code ~= -32800 then -- cancelled
      vim.notify("homebody: " .. err.message, vim.log.levels.WARN)
    end
    done(not err and result or nil)
  end)
end

-- Bytes before the character that `units` of UTF-16 point at.
function M.byte(line, units)
  if has_methods then
    return vim.str_byteindex(line, "utf-16", units, false)
  end
  local ok, index = pcall(vim.str_byteindex, line, units, true)
  return ok and index or #line
end

return M
