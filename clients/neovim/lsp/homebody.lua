-- For Neovim 0.11's vim.lsp.enable("homebody"): the server alone. require("homebody").setup() does this too.

return require("homebody.server").config()
