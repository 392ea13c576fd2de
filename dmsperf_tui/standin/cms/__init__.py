"""The Configuration Service (CMS) beside the stand-in DMS: clients, vendors, applications, claims."""

from dmsperf_tui.standin.cms.service import Cms, CmsOptions

__all__ = ["Cms", "CmsOptions"]
