"""The statement on paper (纸质结算单): what stands on it, as a page and as a PDF."""
