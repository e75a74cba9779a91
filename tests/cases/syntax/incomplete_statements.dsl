train { adam; watch; keep; stop }
