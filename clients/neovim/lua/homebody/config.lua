-- Options of setup(): their defaults, and their validation.

local M = {}

M.defaults = {
  cmd = { "homebody", "lsp" },
  settings = {}, -- docs/settings.md, in camel case: { completion = { maxTokens = 64 } }
  filetypes = nil, -- a list of filetypes; nil: all
  auto = true, -- suggestions while typing; a table turns them off for single filetypes: { markdown = false }
  keys = {
    accept = "<Tab>", -- for next edits in normal mode too
    accept_word = "<M-Right>",
    accept_line = "<M-C-Right>",
    next = "<M-]>",
    previous = "<M-[>",
    dismiss = "<C-]>",
    reject = "<Esc>", -- in normal mode: ends a next edit
    suggest = "<M-Bslash>",
    review = "<M-CR>", -- in normal mode too
  },
  next_edit = true, -- whether the next edit is shown after a change; nextEdit.enabled of `settings` says how
  window = { height = 0.35 }, -- of explanations and answers: a share of the screen, or lines
  beside_menu = false, -- whether suggestions stay while a completion menu is open
  unsure = true, -- whether a sign shows where the model was not sure enough to suggest something
  times = false, -- whether the status line has the time of the last answer, in milliseconds
}

M.options = vim.deepcopy(M.defaults)

-- What the keys do, and the <Plug> maps.
M.acts = {
  accept = { desc = "Accept Homebody's suggestion", modes = { "i", "n" } },
  accept_word = { desc = "Accept the next word of Homebody's suggestion", modes = { "i" } },
  accept_line = { desc = "Accept the next line of Homebody's suggestion", modes = { "i" } },
  next = { desc = "Show Homebody's next suggestion", modes = { "i" } },
  previous = { desc = "Show Homebody's previous suggestion", modes = { "i" } },
  dismiss = { desc = "Dismiss Homebody's suggestion", modes = { "i" } },
  reject = { desc = "Reject Homebody's next edit", modes = { "n" } },
  suggest = { desc = "Ask Homebody for suggestions", modes = { "i" } },
  review = { desc = "Review Homebody's change", modes = { "i", "n" } },
}

local TYPES = {
  cmd = { "table", "string" },
  settings = { "table" },
  filetypes = { "table" },
  auto = { "boolean", "table" },
  keys = { "table", "boolean" },
  next_edit = { "boolean" },
  window = { "table" },
  beside_menu = { "boolean" },
  unsure = { "boolean" },
  times = { "boolean" },
}

-- A sentence about a name that is not among `names`.
local function unknown(what, name, names)
  table.sort(names)
  return ("there is no %s `%s`: there are %s"):format(what, name, table.concat(names, ", "))
end

-- The command of the server; `~` in its path is the home folder.
local function command(value)
  local cmd = type(value) == "string" and { value, "lsp" } or vim.deepcopy(value)
  cmd[1] = vim.fs.normalize(cmd[1])
  return cmd
end

-- Sets the options; returns a sentence for each invalid one, which keeps its default.
function M.set(given)
  local problems, options = {}, vim.deepcopy(M.defaults)
  for name, value in pairs(given or {}) do
    local types = TYPES[name]
    if types == nil then
      table.insert(problems, unknown("option", name, vim.tbl_keys(TYPES)))
    elseif not vim.list_contains(types, type(value)) then
      table.insert(problems, ("the option `%s` has to be a %s"):format(name, table.concat(types, " or a ")))
    elseif name == "cmd" and #value == 0 then
      table.insert(problems, "the option `cmd` is empty")
    elseif name == "cmd" then
      options.cmd = command(value)
    elseif name == "keys" then
      local keys = type(value) == "table" and value or {}
      options.keys = value and options.keys or {}
      for act, key in pairs(keys) do
        if not M.acts[act] then
          table.insert(problems, unknown("key", act, vim.tbl_keys(M.acts)))
        elseif key and type(key) ~= "string" then
          table.insert(problems, ("the option `keys.%s` has to be a string or false"):format(act))
        else
          options.keys[act] = key
        end
      end
    elseif name == "window" then
      local height = value.height
      if height ~= nil and not (type(height) == "number" and height > 0) then
        table.insert(problems, "the option `window.height` has to be a number above 0: a share of the screen, or lines")
      else
        options.window = vim.tbl_extend("force", options.window, value)
      end
    else
      options[name] = value
    end
  end
  M.options = options
  return problems
end

-- Whether suggestions appear automatically in a buffer.
function M.is_auto(buf)
  local own, auto = vim.b[buf].homebody_auto, M.options.auto
  if own ~= nil then
    return own
  elseif vim.g.homebody_auto ~= nil and not vim.g.homebody_auto then
    return false
  elseif type(auto) == "table" then
    return auto[vim.bo[buf].filetype] ~= false
  end
  return auto
end

return M
