-- Tells the chest AI service that a study has become stable, so that it need not wait for its next poll.
--
-- A hint, nothing more: the service reads Orthanc's change feed and would find the study without it, so a
-- hint that is lost costs seconds and no result. That is why nothing here may hold Orthanc up. Orthanc's own
-- HttpPost would: while it waits for an answer, Orthanc's Lua lock is held, and storing and REST requests stand still
-- (measured: 7.7 s on 1.10.1, as long as the other side kept silent; 15 s on 1.12.7 with a limit of one second, which
-- each stable study waits for in turn). So the request is made by curl in the background. Without curl no hint is sent.
--
-- Set these in Orthanc's environment, or here (the token also by CHEST_AI_HINT_TOKEN_FILE):
local url = os.getenv('CHEST_AI_HINT_URL') or 'http://127.0.0.1:8787/hint'
local token = os.getenv('CHEST_AI_HINT_TOKEN') or ''

-- CHEST_AI_HINT_TOKEN_FILE names a file that holds the token, as containers hand over secrets; it goes before the variable.
local tokenFile = os.getenv('CHEST_AI_HINT_TOKEN_FILE')
if tokenFile and tokenFile ~= '' then
  local file, reason = io.open(tokenFile, 'r')
  if file then
    token = (file:read('*l') or ''):gsub('%s+$', '')
    file:close()
  else
    print('chest-ai: CHEST_AI_HINT_TOKEN_FILE cannot be read (' .. tostring(reason) .. '); hints are refused without the token')
  end
end

local timeoutSeconds = 1

local function hasCurl()
  local status = os.execute('command -v curl >/dev/null 2>&1')
  return status == 0 or status == true -- Lua 5.1, later ones
end

-- The request goes to curl by its standard input: on a command line every user of the machine could read the token.
local function postByCurl(body)
  local function quoted(text)
    return '"' .. text:gsub('[%c]', ''):gsub('\\', '\\\\'):gsub('"', '\\"') .. '"'
  end
  local pipe = io.popen('{ curl --config - <&3 >/dev/null 2>&1 & } 3<&0', 'w')
  if not pipe then return end
  pipe:write('url = ', quoted(url), '\n')
  pipe:write('max-time = ', tostring(timeoutSeconds), '\nsilent\nnoproxy = "*"\n')
  pipe:write('header = "Content-Type: application/json"\n')
  if token ~= '' then pipe:write('header = ', quoted('X-Hint-Token: ' .. token), '\n') end
  pipe:write('data-binary = ', quoted(body), '\n')
  pipe:close()
end

local post = hasCurl() and postByCurl
if not post then
  print('chest-ai: no curl here, so no hints are sent; studies are found by polling, a second later. Install curl where Orthanc runs to have hints.')
end

function OnStableStudy(studyId, tags, metadata)
  if not post then return end
  -- Identifiers only, never a patient's attribute.
  local ok, reason = pcall(post, DumpJson({ orthancId = studyId, studyInstanceUID = tags['StudyInstanceUID'] }, true))
  if not ok then print('chest-ai: hint not sent: ' .. tostring(reason)) end
end
