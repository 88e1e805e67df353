;;; homebody-answers.el --- Explanations and conversations of Homebody in Emacs  -*- lexical-binding: t -*-

;; SPDX-License-Identifier: MIT

;;; Commentary:

;; Streams answers of the server into a buffer.  They are text: nothing in them is
;; run.  Places of the code that the server found in them are buttons; links that the
;; model wrote are not.  A code block of an answer can be applied as a change.

;;; Code:

(require 'homebody-changes)
(require 'homebody-server)

(defvar-local homebody--conversation nil
  "Server and id of the conversation in this buffer.")

(defvar-local homebody--about nil
  "Buffer that the conversation is about.")

(defvar-local homebody--running nil
  "Function that stops the answer that is written into this buffer.")

(defvar homebody--attached nil
  "Alist of the labels and ids of what goes with the next question.")

(defvar-keymap homebody-answer-mode-map
  :doc "Keys of `homebody-answer-mode'; `special-mode' has others, such as q."
  "a" #'homebody-ask
  "C-c C-c" #'homebody-stop
  "RET" #'homebody-apply-block)

(define-derived-mode homebody-answer-mode special-mode "Homebody"
  "An answer, as text: nothing in it is run, only places of the code open."
  (setq header-line-format "a asks again, RET applies the code block at point, C-c C-c stops, q closes")
  (add-hook 'kill-buffer-hook #'homebody--stop-answer nil t)
  (visual-line-mode 1))

(defun homebody--append (buffer text)
  "Append TEXT to BUFFER; point stays where the user put it."
  (when (and text (buffer-live-p buffer))
    (with-current-buffer buffer
      (let ((inhibit-read-only t))
        (save-excursion (goto-char (point-max)) (insert text))))))

(defun homebody--stream (server command argument buffer then)
  "Execute COMMAND of SERVER with ARGUMENT, its text streaming into BUFFER.
THEN gets the result."
  (display-buffer buffer)
  (homebody--show-state buffer ": waiting")
  (let* ((start (with-current-buffer buffer (copy-marker (point-max))))
         stop
         (is-running (lambda () (and (buffer-live-p buffer)
                                     (eq stop (buffer-local-value 'homebody--running buffer)))))
         (end (lambda ()
                (homebody--show-state buffer nil)
                (with-current-buffer buffer (setq homebody--running nil))))
         (cancel
          (homebody--execute
           server command (append argument (list :links "ranges"))
           (lambda (result)
             (when (funcall is-running)
               (funcall end)
               (homebody--finish buffer start result)
               (funcall then result)))
           :otherwise (lambda (words)
                        (when (funcall is-running)
                          (funcall end)
                          (homebody--append buffer (format "\n\n%s\n\n" words))))
           :on-value (lambda (value)
                       (when (funcall is-running)
                         (if-let* ((reading (plist-get value :reading)))
                             (homebody--show-state
                              buffer (format ": reading, %d of %d tokens"
                                             (plist-get reading :tokens) (plist-get reading :of)))
                           (unless (string-empty-p (plist-get value :text))
                             (homebody--show-state buffer ": writing")))
                         (homebody--append buffer (homebody--pictures (plist-get value :sources)))
                         (homebody--append buffer (plist-get value :text)))))))
    (setq stop (lambda ()
                 (funcall end)
                 (funcall cancel)
                 (homebody--append buffer "\n\n(stopped)\n\n")))
    (with-current-buffer buffer (setq homebody--running stop))))

(defun homebody--show-state (buffer state)
  "Show in the mode line of BUFFER what the model does, STATE."
  (with-current-buffer buffer
    (setq mode-line-process state)
    (force-mode-line-update)))

(defun homebody--stop-answer ()
  "Stop the answer that is written into this buffer; return whether there was one."
  (when homebody--running
    (funcall homebody--running)
    t))

(defun homebody-stop ()
  "Stop the answer that is written into this buffer.
In another buffer, stop all answers and the change that is being written."
  (interactive)
  (let ((buffers (if (derived-mode-p 'homebody-answer-mode) (list (current-buffer)) (buffer-list)))
        (stopped (and (not (derived-mode-p 'homebody-answer-mode)) (homebody--stop-change))))
    (dolist (buffer buffers)
      (with-current-buffer buffer
        (when (homebody--stop-answer) (setq stopped t))))
    (message "Homebody: %s" (if stopped "stopped" "nothing is running"))))

(defun homebody--pictures (sources)
  "Return lines about the pictures among SOURCES, else \"\".
A source without lines is one."
  (mapconcat
   (lambda (one)
     (let ((range (plist-get one :range)))
       (if (equal (plist-get range :start) (plist-get range :end))
           (format "> %s: %s, %d tokens\n\n"
                   (file-name-nondirectory (homebody--path (plist-get one :uri)))
                   (plist-get one :why) (plist-get one :tokens))
         "")))
   sources ""))

(defun homebody--finish (buffer start result)
  "Replace the text of BUFFER from START on by the answer of RESULT.
The places that it names become buttons."
  (with-current-buffer buffer
    (let* ((inhibit-read-only t)
           (pictures (homebody--pictures (plist-get result :sources)))
           (text (concat pictures (plist-get result :markdown))))
      (unless (equal text (buffer-substring-no-properties start (point-max)))
        (save-excursion (delete-region start (point-max)) (goto-char start) (insert text)))
      (save-restriction
        (narrow-to-region (+ start (length pictures)) (point-max))
        (seq-doseq (link (plist-get result :links))
          (let ((range (plist-get link :range)))
            (make-text-button (homebody--point-in-view (plist-get range :start))
                              (homebody--point-in-view (plist-get range :end))
                              'homebody-target (plist-get link :target)
                              'action #'homebody--open-place
                              'help-echo "RET opens this place")))
        (seq-doseq (block (plist-get result :blocks))
          (let ((range (plist-get block :range)))
            (put-text-property (homebody--point-in-view (plist-get range :start))
                               (homebody--point-in-view (plist-get range :end))
                               'homebody-block
                               (list :conversationId (plist-get result :conversationId)
                                     :block (plist-get block :block)))))))
    (homebody--append buffer (homebody--account result))))

(defun homebody--open-place (button)
  "Visit the target of BUTTON in another window."
  (pcase-let ((`(,uri ,line) (split-string (button-get button 'homebody-target) "#L")))
    (find-file-other-window (homebody--path uri))
    (when line
      (goto-char (point-min))
      (forward-line (1- (string-to-number line))))))

(defun homebody--left-out (result)
  "Return lines that say what the model did not read for RESULT."
  (mapconcat
   (lambda (one)
     (let ((uri (plist-get one :uri)) (range (plist-get one :range)))
       (format "Not read: %s%s\n"
               (if (string-prefix-p "file:" uri)
                   (format "%s:%d: " (file-name-nondirectory (homebody--path uri))
                           (1+ (plist-get (plist-get range :start) :line)))
                 "")
               (plist-get one :why))))
   (plist-get result :leftOut) ""))

(defun homebody--account (result)
  "Return the lines below an answer: what RESULT left out, and its tokens."
  (let ((usage (plist-get result :usage)))
    (format "\n\n%s%s%d + %d of %d tokens\n\n"
            (homebody--left-out result)
            (if (eq (plist-get result :complete) t) "" "The answer is not complete.  ")
            (plist-get usage :promptTokens) (plist-get usage :outputTokens)
            (plist-get usage :contextLength))))

(defun homebody--answer-buffer (name)
  "Return the buffer NAME for answers; what was written there is stopped."
  (let ((buffer (get-buffer-create name)))
    (with-current-buffer buffer
      (unless (derived-mode-p 'homebody-answer-mode) (homebody-answer-mode))
      (homebody--stop-answer))
    buffer))

(defun homebody-explain (&optional full)
  "Explain the region, or the function around point, in another buffer.
With a prefix argument, FULL, all of it is read, however long it takes."
  (interactive "P")
  (let ((server (homebody--server-or-error)) (buffer (homebody--answer-buffer "*Homebody explain*")))
    (with-current-buffer buffer
      (let ((inhibit-read-only t)) (erase-buffer)))
    (homebody--stream server "homebody.explain"
                      (append (homebody--place) (and full (list :full t))) buffer #'ignore)))

(defun homebody--named-files (question)
  "Return the URIs of the files that QUESTION names as @FILE or @FILE:10-20."
  (let (uris (start 0))
    (while (string-match "@\\([^[:space:]]*[^[:space:]?!.,;:]\\)" question start)
      (setq start (match-end 0))
      (let* ((name (match-string 1 question))
             (lines (string-match "\\`\\(.*\\):\\([0-9]+\\)\\(?:-\\([0-9]+\\)\\)?\\'" name))
             (first (and lines (match-string 2 name)))
             (last (and lines (or (match-string 3 name) first)))
             (file (if lines (match-string 1 name) name)))
        (when (file-regular-p file)
          (push (concat (homebody--uri file) (and lines (format "#L%s-%s" first last))) uris))))
    (nreverse uris)))

(defun homebody-ask (question)
  "Ask QUESTION about the region, or about the function around point.
A file that it names as @FILE, such as a picture, goes with it, and so do the
lines that it names as @FILE:10-20, and what `homebody-attach' has attached.
In the buffer of a conversation, the conversation continues.
From a buffer without a file, the question goes without the buffer's text."
  (interactive "sAsk: ")
  (let* ((follows (derived-mode-p 'homebody-answer-mode))
         (source (if follows homebody--about (current-buffer)))
         (buffer (homebody--answer-buffer "*Homebody ask*")))
    (unless (buffer-live-p source)
      (user-error "The buffer that this conversation is about was closed"))
    (with-current-buffer source
      (let* ((server (if buffer-file-name (homebody--server-or-error) (homebody--some-server)))
             (known (buffer-local-value 'homebody--conversation buffer))
             (id (and (eq server (car known)) (cdr known)))
             ;; Another server does not know the conversation.
             (before (and known (not id)
                          (list (list :label "Answers so far"
                                      :text (with-current-buffer buffer (homebody--text))))))
             (attached (mapcar #'cdr homebody--attached)))
        (with-current-buffer buffer (setq homebody--about source))
        (homebody--append buffer (format "> %s\n\n" question))
        (homebody--stream
         server "homebody.ask"
         (append (list :question question :diagnostics (homebody--all-diagnostics)
                       :attach (vconcat before (homebody--named-files question) attached))
                 (and (not follows) buffer-file-name (homebody--place))
                 (and id (list :conversationId id)))
         buffer
         (lambda (result)
           (setq homebody--attached
                 (seq-remove (lambda (item) (member (cdr item) attached)) homebody--attached))
           (when (buffer-live-p buffer)
             (with-current-buffer buffer
               (setq homebody--conversation (cons server (plist-get result :conversationId)))))))))))

(defun homebody-attach (query)
  "Choose what goes with the next question among what has QUERY in its name.
That are files, folders, symbols, the problems that Flymake found, and diffs.
What is attached already is taken back."
  (interactive "sAttach: ")
  (let* ((items (jsonrpc-request
                 (homebody--some-server) :workspace/executeCommand
                 (list :command "homebody.contextItems"
                       :arguments (vector (list :query query :diagnostics (homebody--all-diagnostics))))))
         (labels (mapcar (lambda (item) (cons (plist-get item :label) (plist-get item :id))) items))
         (label (if labels (completing-read "Attach: " labels nil t) (user-error "Nothing to attach matches %s" query)))
         (item (assoc label labels)))
    (setq homebody--attached
          (if (member item homebody--attached) (remove item homebody--attached)
            (append homebody--attached (list item))))
    (message "Homebody: attached to the next question: %s"
             (if homebody--attached (string-join (mapcar #'car homebody--attached) ", ") "nothing"))))

(defun homebody-forget ()
  "Begin a new conversation at the next question."
  (interactive)
  (with-current-buffer (homebody--answer-buffer "*Homebody ask*")
    (setq homebody--conversation nil)
    (let ((inhibit-read-only t)) (erase-buffer))))

(defun homebody-apply-block ()
  "Show what the code block at point would change in the file it is about."
  (interactive)
  (let ((block (or (get-text-property (point) 'homebody-block)
                   (user-error "There is no code block of an answer to a question at point")))
        (source homebody--about))
    (unless (buffer-live-p source)
      (user-error "The buffer that this conversation is about was closed"))
    (with-current-buffer source
      (homebody--change (homebody--server-or-error) "homebody.apply"
                        (append block (list :textDocument (homebody--document)))
                        "Apply code from the answer"))))

(provide 'homebody-answers)
;;; homebody-answers.el ends here
