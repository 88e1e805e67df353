;;; homebody-server.el --- Emacs's connection to the language server of Homebody  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Starts one server for each project, keeps it up to date about the buffers
;; that `homebody-mode' is on in, and converts between positions of LSP and of
;; Emacs.  The connection is Homebody's own: eglot or lsp-mode can serve the same
;; buffer, with the server of the language.

;;; Code:

(when (< emacs-major-version 30)
  (error "Homebody needs Emacs 30 or newer; this is Emacs %s" emacs-version))

(require 'cl-lib)
(require 'jsonrpc)
(require 'project)
(require 'subr-x)
(require 'url-util)

(defgroup homebody nil
  "Code suggestions by a model on your own machine."
  :group 'tools
  :prefix "homebody-")

(defcustom homebody-command '("homebody" "lsp")
  "Command that starts the server; a string is the program alone."
  :type '(choice (string :tag "Program") (repeat :tag "Program and arguments" string))
  :risky t)

(defcustom homebody-settings nil
  "Settings for the server: a property list with the names of docs/settings.md.
For example (:completion (:maxTokens 64))."
  :type 'plist
  :risky t)

(defconst homebody--start-seconds 60
  "Maximum duration of the start of the server, in seconds.")

(defconst homebody--command-seconds 3600
  "Maximum duration of a command, in seconds.")

(defconst homebody--most-starts 5
  "How often a server is restarted in three minutes.")

(defclass homebody-server (jsonrpc-process-connection)
  ((root :initarg :root :documentation "Folder of the project.")
   (is-ready :initform nil :documentation "Whether the server has answered `initialize'.")
   (is-stopped :initform nil :documentation "Whether the user has stopped it."))
  :documentation "A process of `homebody lsp'.")

(defvar homebody--servers nil
  "Alist of the folders of projects and their servers.")

(defvar homebody--ends nil
  "Times at which servers ended unexpectedly, in seconds.")

(defvar homebody--status nil
  "What the server reported last: a plist with `:kind', `:busy' and `:message'.")

(defvar homebody--streams (make-hash-table :test #'equal)
  "Functions that receive the values of progress tokens, by token.")

(defvar-local homebody--server nil
  "Server of this buffer, once the buffer is open there.")

(defvar-local homebody--version 0
  "Version of the document that the server has.")

(defvar-local homebody--uri nil
  "URI under which the server has the document.
The file may have another name by now.")

(defvar-local homebody--changes nil
  "Changes that are not sent yet, newest first; `all' for the whole text.")

(defvar-local homebody--before nil
  "Region of the next change, in positions of Emacs and of LSP.")

;;;; Process

(defun homebody--root ()
  "Return the folder of this buffer's project."
  (let ((project (project-current)))
    (expand-file-name (if project (project-root project) default-directory))))

(defun homebody--command ()
  "Return `homebody-command' as a list with the program's full path, or nil.
A relative folder of `exec-path' does not count: it is one of the project.
Without a folder, Emacs would search the current one."
  (pcase-let* ((`(,name . ,arguments) (if (stringp homebody-command) (list homebody-command "lsp") homebody-command))
               (exec-path (seq-filter #'file-name-absolute-p (remq nil exec-path)))
               (program (and exec-path (executable-find name))))
    (and program (cons program arguments))))

(defun homebody--find-or-start ()
  "Return the server of this buffer's project; start it if needed.
Return nil, with a message, if the program is missing or ended too often."
  (let* ((root (homebody--root))
         (server (alist-get root homebody--servers nil nil #'equal)))
    (cond
     ((and server (jsonrpc-running-p server)) server)
     ((not (homebody--command))
      (message "Homebody: there is no program `%s': install Homebody, or set `homebody-command'."
               (car (ensure-list homebody-command)))
      nil)
     ((> (length homebody--ends) homebody--most-starts)
      (message "Homebody: the server ended again and is not restarted; M-x homebody-restart starts it.")
      nil)
     (t (homebody--start root)))))

(defvar homebody--found-hook nil
  "Functions that get the place where the server has a suggestion now.")

(defvar homebody--ready-hook nil
  "Functions that are called when a server has become ready.")

(defun homebody--start (root)
  "Start a server for the project in the folder ROOT, and return it."
  (let* ((default-directory root)
         (server (make-instance
                  'homebody-server
                  :name "homebody" :root root
                  :events-buffer-config '(:size 0)
                  :process (lambda ()
                             (make-process
                              :name "homebody" :command (homebody--command)
                              :connection-type 'pipe :coding 'utf-8-emacs-unix :noquery t
                              :stderr (get-buffer-create "*homebody stderr*")))
                  :notification-dispatcher #'homebody--notified
                  :request-dispatcher #'homebody--requested
                  :on-shutdown #'homebody--ended)))
    (setf (alist-get root homebody--servers nil nil #'equal) server)
    (jsonrpc-async-request
     server :initialize
     (list :processId (emacs-pid) :rootUri (homebody--uri root)
           :clientInfo (list :name "Emacs" :version emacs-version)
           :initializationOptions (or homebody-settings (make-hash-table))
           :capabilities (homebody--capabilities))
     :success-fn (lambda (_result)
                   (oset server is-ready t)
                   (jsonrpc-notify server :initialized (make-hash-table))
                   (homebody--open-buffers server)
                   (run-hooks 'homebody--ready-hook))
     :error-fn (lambda (error) (message "Homebody: %s" (plist-get error :message)))
     :timeout-fn (lambda () (message "Homebody: the server does not answer; M-x homebody-restart."))
     :timeout homebody--start-seconds)
    server))

(defun homebody--capabilities ()
  "Return the capabilities of this client."
  ;; Positions of Emacs count characters, as utf-32 does.
  '(:general (:positionEncodings ["utf-32"])
    :textDocument
    (:synchronization (:didSave t)
     :inlineCompletion (:dynamicRegistration :json-false)
     :codeAction (:disabledSupport t
                  :codeActionLiteralSupport
                  (:codeActionKind (:valueSet ["quickfix" "refactor" "refactor.extract"
                                               "refactor.rewrite" "source"]))))
    :workspace
    (:workspaceEdit (:documentChanges t
                     :resourceOperations ["create"]))))

(defun homebody--notified (_server method params)
  "Handle the notification METHOD with PARAMS."
  (pcase method
    ('homebody/didChangeStatus
     (setq homebody--status params)
     (force-mode-line-update t))
    ('homebody/didFindSuggestion (run-hook-with-args 'homebody--found-hook params))
    ('window/showMessage (homebody--say params))
    ('$/progress
     (when-let* ((stream (gethash (plist-get params :token) homebody--streams)))
       (funcall stream (plist-get params :value))))))

(defun homebody--requested (_server method params)
  "Show the message that the request METHOD has in PARAMS; refuse others.
None of its buttons is pressed: a question would interrupt the user."
  (if (eq method 'window/showMessageRequest) (homebody--say params)
    (jsonrpc-error :code -32601 :message (format "%s is not supported" method))))

(defun homebody--say (params)
  "Show the server's message in PARAMS."
  (message "Homebody: %s" (plist-get params :message))
  nil)

(defun homebody--ended (server)
  "Forget SERVER, which has ended; restart it unless the user stopped it."
  (setq homebody--servers (rassq-delete-all server homebody--servers)
        homebody--status nil)
  (let ((buffers (seq-filter (lambda (buffer) (eq (buffer-local-value 'homebody--server buffer) server))
                             (buffer-list)))
        (now (float-time)))
    (dolist (buffer buffers)
      (with-current-buffer buffer (setq homebody--server nil)))
    (unless (oref server is-stopped)
      (setq homebody--ends (cons now (seq-filter (lambda (time) (< (- now time) 180)) homebody--ends)))
      (message "Homebody: the server ended unexpectedly and is restarted.")
      (dolist (buffer buffers)
        (with-current-buffer buffer (homebody--attach))))))

(defun homebody--stop (server)
  "Stop SERVER."
  (oset server is-stopped t)
  (when (jsonrpc-running-p server)
    (ignore-errors
      (jsonrpc-request server :shutdown nil :timeout 3)
      (jsonrpc-notify server :exit nil))
    (jsonrpc-shutdown server)))

(defun homebody-restart ()
  "Restart the servers."
  (interactive)
  (setq homebody--ends nil)
  (mapc (lambda (entry) (homebody--stop (cdr entry))) (copy-sequence homebody--servers))
  (dolist (buffer (buffer-list))
    ;; The buffers of the servers that were stopped are killed meanwhile.
    (when (buffer-live-p buffer)
      (with-current-buffer buffer
        (when (bound-and-true-p homebody-mode) (homebody--attach))))))

;;;; Documents

(defun homebody--uri (path)
  "Return the URI of the file PATH."
  (let ((name (expand-file-name path)))
    (concat "file://" (if (string-prefix-p "/" name) "" "/")
            (url-hexify-string (encode-coding-string name 'utf-8) url-path-allowed-chars))))

(defun homebody--path (uri)
  "Return the path of the file URI."
  (decode-coding-string (url-unhex-string (string-remove-prefix "file://" uri)) 'utf-8))

(defun homebody--document ()
  "Return the identifier of this buffer's document, with its version."
  (list :uri (homebody--uri buffer-file-name) :version homebody--version))

(defconst homebody--languages
  '(("js" . "javascript") ("js2" . "javascript") ("js-json" . "json") ("sh" . "shellscript"))
  "LSP's names of languages, by the name of the mode, where they differ.")

(defun homebody--language ()
  "Return LSP's name of this buffer's language."
  (let ((name (replace-regexp-in-string "\\(-ts\\)?-mode\\'" "" (symbol-name major-mode))))
    (alist-get name homebody--languages name nil #'equal)))

(defun homebody--attach ()
  "Open this buffer at its server, if it visits a local file."
  (when (and buffer-file-name (not (file-remote-p buffer-file-name)) (not homebody--server))
    (when-let* ((server (homebody--find-or-start)))
      (setq homebody--server server)
      (when (oref server is-ready) (homebody--open)))))

(defun homebody--open-buffers (server)
  "Open the buffers that waited for SERVER."
  (dolist (buffer (buffer-list))
    (when (eq (buffer-local-value 'homebody--server buffer) server)
      (with-current-buffer buffer (homebody--open)))))

(defun homebody--open ()
  "Open this buffer at its server."
  (setq homebody--version 0 homebody--changes nil
        homebody--uri (plist-get (homebody--document) :uri))
  (jsonrpc-notify homebody--server :textDocument/didOpen
                  (list :textDocument (append (homebody--document)
                                              (list :languageId (homebody--language)
                                                    :text (homebody--text))))))

(defun homebody--detach ()
  "Close this buffer at its server."
  (when (homebody--is-served)
    (jsonrpc-notify homebody--server :textDocument/didClose
                    (list :textDocument (list :uri homebody--uri))))
  (setq homebody--server nil))

(defun homebody--is-served ()
  "Return whether this buffer's server is running and ready."
  (and homebody--server (jsonrpc-running-p homebody--server) (oref homebody--server is-ready)))

(defun homebody--text ()
  "Return the whole text of this buffer."
  (save-restriction (widen) (buffer-substring-no-properties (point-min) (point-max))))

(defun homebody--before-change (beg end)
  "Remember the region from BEG to END, which is about to change."
  (when homebody--server
    (setq homebody--before (list beg end (homebody--position beg) (homebody--position end)))))

(defun homebody--after-change (beg end length)
  "Record that LENGTH characters were replaced by those from BEG to END."
  (when homebody--server
    (pcase homebody--before
      ((and `(,from ,to ,start ,stop) (guard (and (= from beg) (= (- to from) length)))
            (guard (listp homebody--changes)))
       (push (list :range (list :start start :end stop)
                   :text (save-restriction (widen) (buffer-substring-no-properties beg end)))
             homebody--changes))
      ;; Emacs announced a larger region than it changed: the whole text is sent.
      (_ (setq homebody--changes 'all)))
    (setq homebody--before nil)))

(defun homebody--sync ()
  "Send the changes of this buffer that the server does not have yet."
  (when (and homebody--changes (homebody--is-served))
    (cl-incf homebody--version)
    (jsonrpc-notify homebody--server :textDocument/didChange
                    (list :textDocument (homebody--document)
                          :contentChanges (if (eq homebody--changes 'all)
                                              (vector (list :text (homebody--text)))
                                            (vconcat (nreverse homebody--changes)))))
    (setq homebody--changes nil)))

(defun homebody--saved ()
  "Report that this buffer was saved."
  (when (homebody--is-served)
    (homebody--sync)
    (jsonrpc-notify homebody--server :textDocument/didSave
                    (list :textDocument (list :uri (plist-get (homebody--document) :uri))))))

;;;; Positions

(defun homebody--position (pos)
  "Return POS as LSP's line and character, both from 0."
  (save-excursion
    (save-restriction
      (widen)
      (goto-char pos)
      (list :line (1- (line-number-at-pos nil t)) :character (- (point) (pos-bol))))))

(defun homebody--range (beg end)
  "Return the region from BEG to END as a range of LSP."
  (list :start (homebody--position beg) :end (homebody--position end)))

(defun homebody--point (position)
  "Return where LSP's POSITION is in this buffer."
  (save-restriction
    (widen)
    (homebody--point-in-view position)))

(defun homebody--point-in-view (position)
  "Return where LSP's POSITION is in the visible part of this buffer."
  (save-excursion
    (goto-char (point-min))
    (forward-line (plist-get position :line))
    (min (pos-eol) (+ (point) (plist-get position :character)))))

;;;; Requests

(defun homebody--server-or-error ()
  "Return this buffer's server, with the latest text."
  (unless homebody--server (homebody--attach))
  (unless (homebody--is-served)
    (user-error (if homebody--server "Homebody is starting: try again in a moment"
                  "Homebody does not serve this buffer: it has to visit a file, with homebody-mode on")))
  (homebody--sync)
  homebody--server)

(defun homebody--some-server ()
  "Return a server for what is not about a file: this project's, else any."
  (let ((servers (seq-filter (lambda (entry) (and (jsonrpc-running-p (cdr entry)) (oref (cdr entry) is-ready)))
                             homebody--servers)))
    (or (alist-get (homebody--root) servers nil nil #'equal)
        (cdar servers)
        (user-error "Homebody is not running: turn homebody-mode on in a file"))))

(cl-defun homebody--execute (server command argument then &key otherwise on-value on-report)
  "Make SERVER execute COMMAND with ARGUMENT; THEN gets the result.
OTHERWISE gets the message of an error; without it, the message is shown.
ON-VALUE gets each value that arrives before the result, ON-REPORT a few words
on how far the model is.
Return a function that cancels the command."
  (let* ((token (format "homebody-%s" (random most-positive-fixnum)))
         (work (concat token "-work"))
         (forget (lambda () (remhash token homebody--streams) (remhash work homebody--streams))))
    (when on-report
      (puthash work
               (lambda (value) (when-let* ((words (plist-get value :message))) (funcall on-report words)))
               homebody--streams))
    (when on-value
      (puthash token on-value homebody--streams)
      (setq argument (append argument (list :token token))))
    (jsonrpc-async-request
     server :workspace/executeCommand
     (list :command command :arguments (vector argument) :workDoneToken work)
     :success-fn (lambda (result)
                   (funcall forget)
                   (funcall then result))
     :error-fn (lambda (error)
                 (funcall forget)
                 (if otherwise (funcall otherwise (plist-get error :message))
                   (message "Homebody: %s" (plist-get error :message))))
     :timeout homebody--command-seconds)
    (lambda ()
      (when (jsonrpc-running-p server)
        (jsonrpc-notify server :window/workDoneProgress/cancel (list :token work))))))

(provide 'homebody-server)
;;; homebody-server.el ends here
