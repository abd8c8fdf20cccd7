module goplugin

go 1.26
