-- :checkhealth homebody

local config = require("homebody.config")

local M = {}

function M.check()
  local health = vim.health
  health.start("homebody")
  if vim.fn.has("nvim-0.10") == 1 then
    health.ok("Neovim " .. tostring(vim.version()))
  else
    health.error("Neovim 0.10 or newer is needed")
  end
  local program = require("homebody.server").program()
  if not program then
    return health.error(("there is no program `%s`"):format(config.options.cmd[1]), {
      "Install Homebody: `make demo` in a clone, or docs/install.md.",
      "Or set its full path: require('homebody').setup({ cmd = '/path/to/homebody' })",
    })
  end
  local version = vim.fn.system({ program, "--version" })
  health.ok(("server: %s (%s)"):format(vim.trim(version), program))
  local clients = vim.lsp.get_clients({ name = "homebody" })
  if #clients == 0 then
    health.warn("the server is not running", { "Open a file; :Homebody restart starts it." })
  end
  local status = vim.g.homebody_status
  if status and status.model then
    health.ok(("model: %s (%s), context %s tokens"):format(status.model, status.backend, status.contextLength))
    for _, reason in ipairs(status.reasons or {}) do
      health.info(reason)
    end
  elseif status then
    health.warn(status.message ~= "" and status.message or "there is no model yet", { "Run :Homebody doctor." })
  end
  if vim.fn.maparg(config.options.keys.accept or "", "i") == "" then
    health.warn("no key accepts suggestions; map <Plug>(homebody-accept), or set keys.accept")
  else
    health.ok("suggestions are accepted with " .. config.options.keys.accept)
  end
  local own = vim.lsp.inline_completion
  if own and own.is_enabled and own.is_enabled() then
    health.info("vim.lsp.inline_completion is enabled: Neovim draws the ghost text")
  end
end

return M
