-- Messages for the user, one line each, which never wait for a key; and questions to the user.

local M = {}
local SECONDS = 10 -- how long a message stays on screen while the user types
local held = {} -- messages that came while the user was typing
local window -- the window of the newest one

-- Whether keys go into a text at the moment: a window that opens now would get them.
function M.is_typing() return not vim.api.nvim_get_mode().mode:find("^[nr]t?$") or vim.fn.getcmdwintype() ~= "" end

-- One line of a message, and the part of it that can be shown without a prompt to press Enter.
local function fit(message)
  local line = ("homebody: %s"):format(message):gsub("%s*\n%s*", " ")
  local room = math.max(20, vim.v.echospace)
  if vim.fn.strdisplaywidth(line) > room and vim.o.cmdheight <= 1 then
    return line, vim.fn.strcharpart(line, 0, room - 1) .. "…"
  end
  return line, line
end

local function close()
  if window and vim.api.nvim_win_is_valid(window) then
    vim.api.nvim_win_close(window, true)
  end
  window = nil
end

-- Shows a message above the status line: "-- INSERT --" and what is typed there cover the command line.
local function float(line)
  close()
  local buf = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, { line })
  vim.bo[buf].bufhidden = "wipe"
  local own = vim.api.nvim_open_win(buf, false, {
    relative = "editor",
    anchor = "SE",
    row = vim.o.lines - vim.o.cmdheight - 1,
    col = vim.o.columns,
    width = math.min(vim.fn.strdisplaywidth(line), vim.o.columns),
    height = 1,
    style = "minimal",
    focusable = false,
    noautocmd = true,
  })
  window = own
  vim.wo[own].wrap, vim.wo[own].linebreak = true, true
  vim.api.nvim_win_set_height(own, vim.api.nvim_win_text_height(own, {}).all)
  vim.defer_fn(function()
    if window == own then
      close()
    end
  end, SECONDS * 1000)
  vim.cmd.redraw() -- Neovim does not do it while a command is typed
end

-- Shows a message in the command line; above the status line if it is too long for that, or while the user types.
function M.say(message, level)
  local line, shown = fit(message)
  if M.is_typing() then
    table.insert(held, { message, level })
    return float(line)
  end
  if shown ~= line then
    -- :messages gets all of it. A message that is longer than its place on the screen waits for a key.
    local height, room = vim.o.cmdheight, (vim.o.lines - 4) * vim.o.columns
    line = vim.fn.strcharpart(line, 0, math.max(room, 1))
    vim.o.cmdheight = math.min(vim.o.lines - 2, math.ceil(vim.fn.strdisplaywidth(line) / vim.o.columns) + 1)
    vim.api.nvim_echo({ { line } }, true, {})
    vim.o.cmdheight = height
    float(line)
  end
  vim.cmd.redraw() -- else a second line, after a typed command or a list, waits for a key
  vim.notify(shown, level or vim.log.levels.INFO)
end

-- Shows one line until the next one. :messages and the pop-ups of vim.notify are not for many lines a second.
function M.show(message)
  if not M.is_typing() then
    local _, shown = fit(message)
    vim.cmd.redraw()
    vim.api.nvim_echo({ { shown } }, false, {})
  end
end

-- Asks the user for words; `done` gets them, unless there are none.
function M.input(prompt, done)
  vim.ui.input({ prompt = prompt }, function(words)
    if words and vim.trim(words) ~= "" then
      done(words)
    end
  end)
end

vim.api.nvim_create_autocmd("ModeChanged", {
  group = vim.api.nvim_create_augroup("homebody-messages", {}),
  pattern = "*:n",
  callback = vim.schedule_wrap(function()
    if not M.is_typing() then
      close()
      local messages = held
      held = {}
      for _, message in ipairs(messages) do
        M.say(unpack(message))
      end
    end
  end),
})

return M
